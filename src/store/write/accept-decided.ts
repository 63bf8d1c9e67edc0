import type { Queries } from '../../io/postgres.ts';
import { sqlState } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

/**
 * A create request together with its decision: SCHEDULED with a hold and a saga, or FAILED. What is
 * undefined is null to the statement and costs nothing on the way.
 */
export interface DecidedCreateRow {
  key: string;
  /** As bytea's text: `\\x` and hex digits. */
  content_hash: string;
  command_id: string;
  appointment_id: string;
  actor: string;
  request_id: string | undefined;
  traceparent: string | undefined;
  customer_id: string;
  start_s: number;
  end_s: number;
  service_type: string;
  location: string | undefined;
  location_known: boolean;
  requested_resource_id: string | undefined;
  metadata: string | undefined;
  created_s: number;
  event: string;
  to_state: 'SCHEDULED' | 'FAILED';
  reason: string | undefined;
  proof: string | undefined;
  problem: unknown;
  resource_id: string | undefined;
  lane_id: number | undefined;
  buffer_before_seconds: number;
  buffer_after_seconds: number;
  pin: string;
  position: number;
  seed: number;
  decided_event: string;
  saga_id: string | undefined;
  /** Its saga calls a calendar, in a lane of its own. */
  calls: true | undefined;
}

export interface DecidedCreates {
  epoch: number;
  tenantId: string;
  region: string;
  /** The owner's fencing token. */
  token: number;
  lastPosition: number;
  newPosition: number;
  /** The region's version of the catalogue, by which was decided. */
  catalogueVersion: number;
  /** The tenant's version of it, against which the requests were checked. */
  checkedVersion: number;
  decidedNow: number;
  sagaDeadlineSeconds: number;
  rows: readonly DecidedCreateRow[];
  /** Whose the sagas' tasks are from the start; null: anybody's. */
  taskOwner: { processId: string; sessionKey: number | null; leaseSeconds: number } | null;
}

/** Some keys were used before, or some requests were checked against an older catalogue. */
export const notAllFreshState = 'SW004';

// What accept_creates and decide_batch do one after the other, in one transaction and without
// writing any row twice: the appointment is born at version 2, its history and outbox get both. The
// region does not stand still for a key that another holds: after half a second it ends in 55P03.
const acceptDecided = statement<{ tasks: Record<string, number> | null }>(
  'accept_decided',
  `WITH epoch AS MATERIALIZED (
    SELECT assert_write_epoch($1) AS writable, set_config('lock_timeout', '500ms', true)),
  fence AS MATERIALIZED (
    UPDATE regions r SET last_position = $6 FROM epoch
    WHERE r.tenant_id = $2 AND r.region = $3 AND r.token = $4 AND r.last_position = $5
      AND r.catalogue_version = $8
    RETURNING r.tenant_id),
  input AS MATERIALIZED (
    SELECT i.*, i.to_state = 'SCHEDULED' AS scheduled, to_timestamp(i.created_s) AS created_at,
      to_timestamp(i.start_s) AS start_at, to_timestamp(i.end_s) AS end_at,
      to_timestamp(i.start_s - i.buffer_before_seconds) AS busy_start_at,
      to_timestamp(i.end_s + i.buffer_after_seconds) AS busy_end_at,
      greatest(i.created_s, $10::int8) AS at_s,
      (get_byte(uuid_send(i.appointment_id), 15) % 64)::int2 AS shard
    FROM fence, jsonb_to_recordset($7::jsonb) AS i (
      key text, content_hash bytea, command_id uuid, appointment_id uuid, actor text,
      request_id text, traceparent text, customer_id uuid, start_s int8, end_s int8,
      service_type text, location text, location_known boolean, requested_resource_id text,
      metadata text, created_s int8, event text, to_state text, reason text, proof text,
      problem jsonb, resource_id text, lane_id int8, buffer_before_seconds int,
      buffer_after_seconds int, pin text, position int8, seed int8, decided_event text,
      saga_id uuid, calls boolean)),
  fresh AS (
    INSERT INTO idempotency_keys
      (tenant_id, operation, key, content_hash, command_id, subject_id, actor, first_used_at)
    SELECT $2, 'create', key, content_hash, command_id, appointment_id, actor, now()
    FROM input
    WHERE EXISTS (SELECT FROM tenants WHERE tenant_id = $2 AND catalogue_version = $14)
    ORDER BY key
    ON CONFLICT DO NOTHING
    RETURNING command_id),
  appointment AS (
    INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id, start_at,
      end_at, service_type, location, location_known, requested_resource_id, region, resource_id,
      metadata, reason, proof, created_at, updated_at)
    SELECT $2, appointment_id, 2, to_state, customer_id, start_at, end_at, service_type, location,
      location_known, requested_resource_id, $3, resource_id, convert_to(metadata, 'UTF8'), reason,
      proof, created_at, to_timestamp(at_s) FROM input),
  command AS (
    INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, state, problem,
      created_at, decided_at, decided_region, position, decided_now, seed, actor, request_id,
      traceparent)
    SELECT $2, command_id, 'create', appointment_id, $3,
      CASE WHEN scheduled THEN 'applied' ELSE 'refused' END, problem, created_at, now(), $3,
      position, $10::int8, seed, actor, request_id, traceparent FROM input),
  held AS (
    INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id, busy_start_at,
      busy_end_at, buffer_before_seconds, buffer_after_seconds, location, service_type, pin)
    SELECT $2, appointment_id, $3, resource_id, lane_id, busy_start_at, busy_end_at,
      buffer_before_seconds, buffer_after_seconds, location, service_type, pin
    FROM input WHERE scheduled
    ORDER BY lane_id, busy_start_at),
  history AS (
    INSERT INTO appointment_history (tenant_id, appointment_id, version, from_state, to_state,
      cause, reason, start_at, end_at, location, resource_id, lane_id, busy_start_at, busy_end_at,
      region, position, actor, request_id, command_id, traceparent, at)
    SELECT $2, i.appointment_id, v.version, v.from_state, v.to_state, v.cause, v.reason,
      i.start_at, i.end_at, i.location, v.resource_id, v.lane_id, v.busy_start_at, v.busy_end_at,
      v.region, v.position, i.actor, i.request_id, i.command_id, i.traceparent, v.at
    FROM input i CROSS JOIN LATERAL (VALUES
      (1, NULL, 'INIT', 'create', NULL, NULL, NULL::int8, NULL::timestamptz, NULL::timestamptz,
        NULL, NULL::int8, i.created_at),
      (2, 'INIT', i.to_state, CASE WHEN scheduled THEN 'schedule' ELSE 'refuse' END, i.reason,
        i.resource_id, i.lane_id, CASE WHEN scheduled THEN i.busy_start_at END,
        CASE WHEN scheduled THEN i.busy_end_at END, CASE WHEN scheduled THEN $3 END,
        CASE WHEN scheduled THEN i.position END, to_timestamp(i.at_s))) AS v (version,
      from_state, to_state, cause, reason, resource_id, lane_id, busy_start_at, busy_end_at,
      region, position, at)),
  events AS (
    INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor, request_id,
      command_id, traceparent)
    SELECT i.shard, $2, i.appointment_id, e.version, e.type, e.event, i.actor, i.request_id,
      i.command_id, i.traceparent
    FROM input i CROSS JOIN LATERAL (VALUES
      (1, 'appointment.accepted.v1', i.event),
      (2, CASE WHEN scheduled THEN 'appointment.scheduled.v1' ELSE 'appointment.failed.v1' END,
        i.decided_event)) AS e (version, type, event)),
  saga AS (
    INSERT INTO sagas (tenant_id, saga_id, kind, appointment_id, appointment_version, step,
      deadline_at)
    SELECT $2, saga_id, 'create', appointment_id, 2, 'reserve',
      now() + make_interval(secs => $9) FROM input WHERE scheduled),
  task AS (
    INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, saga_id, attempts,
      lease_owner, lease_session, lease_expires_at, actor, request_id, command_id, traceparent,
      deadline_at)
    SELECT $2, CASE WHEN calls THEN 'calendar' ELSE 'saga' END, 'create', appointment_id::text,
      appointment_id, saga_id, CASE WHEN owner IS NULL THEN 0 ELSE 1 END, owner,
      CASE WHEN owner IS NOT NULL THEN $12::int8 END,
      CASE WHEN owner IS NOT NULL THEN now() + make_interval(secs => $13::float8) END, actor,
      request_id, command_id, traceparent, now() + make_interval(secs => $9)
    FROM (SELECT i.*, CASE WHEN calls IS NOT TRUE THEN $11::uuid END AS owner FROM input i) i
    WHERE scheduled
    RETURNING saga_id, task_id)
  SELECT assert_accepted((SELECT count(*) FROM fence), (SELECT array_agg(command_id) FROM fresh),
      jsonb_array_length($7::jsonb)) AS ok,
    (SELECT json_object_agg(saga_id, task_id) FROM task) AS tasks`,
);

/**
 * Accepts and decides a batch of create requests of one region in one statement, all or nothing.
 * Answers the task of each saga. Throws SQLSTATE SW001 (writes closed), SW002 (no longer the owner,
 * or memory is old), SW004 (not all could be accepted: see `freshCommands`), 23P01 (a hold
 * overlaps).
 */
export async function acceptDecidedCreates(
  queries: Queries,
  batch: DecidedCreates,
): Promise<ReadonlyMap<string, number>> {
  const { taskOwner } = batch;
  const [row] = await queries.run(acceptDecided, [
    batch.epoch,
    batch.tenantId,
    batch.region,
    batch.token,
    batch.lastPosition,
    batch.newPosition,
    JSON.stringify(batch.rows),
    batch.catalogueVersion,
    batch.sagaDeadlineSeconds,
    batch.decidedNow,
    taskOwner?.processId ?? null,
    taskOwner?.sessionKey ?? null,
    taskOwner?.leaseSeconds ?? null,
    batch.checkedVersion,
  ]);
  return new Map(Object.entries(row?.tasks ?? {}));
}

/** After SW004: the commands of the batch that could have been accepted; else undefined. */
export function freshCommands(error: unknown): ReadonlySet<string> | undefined {
  if (sqlState(error) !== notAllFreshState) return undefined;
  const { detail } = error as { detail?: string };
  return new Set((detail ?? '').split(' '));
}
