import type { Queries } from '../../io/postgres.ts';
import type { AppointmentState } from '../../domain/appointment-state.ts';
import { rowRules } from '../row-rules.ts';
import { statement } from '../statement.ts';

/** One request to change an existing appointment. */
export interface ActionRow {
  tenant_id: string;
  operation: string;
  key: string;
  /** Hex SHA-256 of the normalised request, path id included. */
  content_hash: string;
  command_id: string;
  appointment_id: string;
  actor: string;
  request_id: string | null;
  traceparent: string | null;
  /** The reach of whoever asks: where set, the appointment must be this customer's. */
  only_customer: string | null;
  /** Where set, it must be assigned to this resource. */
  only_resource: string | null;
  if_match: number | null;
  /** States in which the action is legal. */
  allowed_from: readonly AppointmentState[];
  payload: unknown;
  created_s: number;
}

const withinReach = rowRules.appointments({
  customer: 'r.only_customer',
  resource: 'r.only_resource',
});

// A state that does not allow the action is let through only while an undecided command may still
// change it; whether the action is legal is decided again by the region's owner. OFFSET 0 makes the
// commands be looked up for their appointment, and not all that are undecided be gone through.
// A key that another holds and does not let go ends it in 55P03 after a second.
// Commands are numbered when they are inserted, and found when they are committed. For those of one
// appointment the order must be the same, so who accepts for it waits until others have committed.
const acceptActions = statement<{ command_id: string }>(
  'accept_actions',
  `WITH epoch AS MATERIALIZED (
    SELECT assert_write_epoch($1) AS writable, set_config('lock_timeout', '1s', true)),
  turn AS MATERIALIZED (
    SELECT count(pg_advisory_xact_lock(730514, appointment)) AS taken
    FROM (
      SELECT DISTINCT uuid_hash(r.appointment_id) AS appointment
      FROM epoch, jsonb_to_recordset($2::jsonb) AS r (appointment_id uuid) ORDER BY 1) a),
  input AS MATERIALIZED (
    SELECT r.*, a.region
    FROM turn, jsonb_to_recordset($2::jsonb) AS r (
      tenant_id text, operation text, key text, content_hash text, command_id uuid,
      appointment_id uuid, actor text, request_id text, traceparent text, only_customer uuid,
      only_resource text, if_match int, allowed_from text[], payload jsonb, created_s int8)
    JOIN appointments a ON a.tenant_id = r.tenant_id AND a.appointment_id = r.appointment_id
    WHERE ${withinReach}
      AND (r.if_match IS NULL OR a.version = r.if_match)
      AND (a.state = ANY (r.allowed_from)
        OR a.state NOT IN ('COMPLETED', 'CANCELLED', 'FAILED') AND EXISTS (
          SELECT FROM (
            SELECT c.state FROM commands c WHERE c.tenant_id = r.tenant_id
              AND c.appointment_id = r.appointment_id OFFSET 0) of_it
          WHERE of_it.state = 'pending'))),
  fresh AS (
    INSERT INTO idempotency_keys
      (tenant_id, operation, key, content_hash, command_id, subject_id, actor, first_used_at)
    SELECT tenant_id, operation, key, decode(content_hash, 'hex'), command_id, appointment_id,
      actor, now()
    FROM input ORDER BY tenant_id, operation, key
    ON CONFLICT DO NOTHING
    RETURNING command_id),
  command AS (
    INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, payload,
      if_match, created_at, actor, request_id, traceparent)
    SELECT tenant_id, command_id, operation, appointment_id, region, payload, if_match,
      to_timestamp(created_s), actor, request_id, traceparent
    FROM input i WHERE (i.command_id IN (SELECT command_id FROM fresh)) IS TRUE)
  SELECT command_id FROM fresh`,
);

/**
 * Makes a batch of actions durable. Answers the command ids that went in; a row that did not
 * found no such appointment within reach, another version, a state that forbids it, or its key
 * taken.
 * Throws SQLSTATE SW001 where writes are closed or the epoch is over.
 */
export async function insertActions(
  queries: Queries,
  epoch: number,
  rows: readonly ActionRow[],
): Promise<Set<string>> {
  const fresh = await queries.run(acceptActions, [epoch, JSON.stringify(rows)]);
  return new Set(fresh.map((row) => row.command_id));
}
