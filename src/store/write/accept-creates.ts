import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

/** One create request, validated and normalised. Instants are epoch seconds. */
export interface CreateRow {
  tenant_id: string;
  key: string;
  /** Hex SHA-256 of the normalised request. */
  content_hash: string;
  command_id: string;
  appointment_id: string;
  actor: string;
  request_id: string | null;
  traceparent: string | null;
  /** The catalogue that the request was checked against; accepted only if it still stands. */
  catalogue_version: number;
  region: string;
  customer_id: string;
  start_s: number;
  end_s: number;
  service_type: string;
  location: string | null;
  location_known: boolean;
  requested_resource_id: string | null;
  metadata: string | null;
  created_s: number;
  event_type: string;
  event: string;
  shard: number;
}

// Key, appointment, command, history and event of every request of the batch are one statement
// and so one transaction. Keys are inserted in order, so that two processes with the same keys
// wait for each other instead of deadlocking; the loser of a key inserts nothing at all.
// One with a key that another holds and does not let go ends in 55P03 after a second.
// "(x IN (…)) IS TRUE" keeps the planner from a nested loop over two unindexed sets.
const acceptCreates = statement<{ command_id: string }>(
  'accept_creates',
  `WITH epoch AS MATERIALIZED (
    SELECT assert_write_epoch($1) AS writable, set_config('lock_timeout', '1s', true)),
  input AS MATERIALIZED (
    SELECT r.*, to_timestamp(r.created_s) AS created_at
    FROM epoch, jsonb_to_recordset($2::jsonb) AS r (
      tenant_id text, key text, content_hash text, command_id uuid, appointment_id uuid,
      actor text, request_id text, traceparent text, catalogue_version int8, region text,
      customer_id uuid, start_s int8, end_s int8, service_type text, location text,
      location_known boolean, requested_resource_id text, metadata text, created_s int8,
      event_type text, event text, shard int2)),
  fresh AS (
    INSERT INTO idempotency_keys
      (tenant_id, operation, key, content_hash, command_id, subject_id, actor, first_used_at)
    SELECT i.tenant_id, 'create', i.key, decode(i.content_hash, 'hex'), i.command_id,
      i.appointment_id, i.actor, now()
    FROM input i JOIN tenants t
      ON t.tenant_id = i.tenant_id AND t.catalogue_version = i.catalogue_version
    ORDER BY i.tenant_id, i.key
    ON CONFLICT DO NOTHING
    RETURNING command_id),
  accepted AS MATERIALIZED (
    SELECT i.* FROM input i WHERE (i.command_id IN (SELECT command_id FROM fresh)) IS TRUE),
  appointment AS (
    INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id, start_at,
      end_at, service_type, location, location_known, requested_resource_id, region, metadata,
      created_at, updated_at)
    SELECT tenant_id, appointment_id, 1, 'INIT', customer_id, to_timestamp(start_s),
      to_timestamp(end_s), service_type, location, location_known, requested_resource_id, region,
      convert_to(metadata, 'UTF8'), created_at, created_at FROM accepted),
  command AS (
    INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, created_at,
      actor, request_id, traceparent)
    SELECT tenant_id, command_id, 'create', appointment_id, region, created_at, actor, request_id,
      traceparent FROM accepted),
  history AS (
    INSERT INTO appointment_history (tenant_id, appointment_id, version, to_state, cause, start_at,
      end_at, location, actor, request_id, command_id, traceparent, at)
    SELECT tenant_id, appointment_id, 1, 'INIT', 'create', to_timestamp(start_s),
      to_timestamp(end_s), location, actor, request_id, command_id, traceparent, created_at
    FROM accepted),
  events AS (
    INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor, request_id,
      command_id, traceparent)
    SELECT shard, tenant_id, appointment_id, 1, event_type, event, actor, request_id, command_id,
      traceparent FROM accepted)
  SELECT command_id FROM fresh`,
);

/**
 * Makes a batch of create requests durable. Answers the command ids that went in; a row that did
 * not either lost its key to another request or was checked against an older catalogue.
 * Throws SQLSTATE SW001 where writes are closed or the epoch is over.
 */
export async function insertCreates(
  queries: Queries,
  epoch: number,
  rows: readonly CreateRow[],
): Promise<Set<string>> {
  const fresh = await queries.run(acceptCreates, [epoch, JSON.stringify(rows)]);
  return new Set(fresh.map((row) => row.command_id));
}
