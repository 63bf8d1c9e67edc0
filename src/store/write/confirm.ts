import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { TaskFence, TaskOwner } from './tasks.ts';

/** The last step of a saga that confirms, with the event that it publishes. */
export interface ConfirmRow extends TaskFence {
  saga_id: string;
  appointment_id: string;
  /** The version that the saga began at; confirming makes the next one. */
  appointment_version: number;
  at_s: number;
  event_type: string;
  event: string;
  shard: number;
  request_id: string | null;
  command_id: string | null;
  traceparent: string | null;
  /** For the journal. */
  attempt: number;
  /** Epoch milliseconds. */
  at_ms: number;
}

export interface Confirmation {
  task_id: number;
  /** False: the appointment had moved on, and the saga was superseded. */
  confirmed: boolean;
}

// Deleting the task is the fence, and its rows feed all the rest. The event was made from what
// was read before; the compare-and-set on state and version keeps it true. It goes into the outbox
// from the update's rows, so that the appointment's lock is held before the outbox id is given.
const confirmBatch = statement<Confirmation>(
  'confirm_batch',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  input AS MATERIALIZED (
    SELECT r.*, to_timestamp(r.at_s) AS at FROM epoch, jsonb_to_recordset($3::jsonb) AS r (
      tenant_id text, task_id int8, attempts int, saga_id uuid, appointment_id uuid,
      appointment_version int, at_s int8, event_type text, event text, shard int2,
      request_id text, command_id uuid, traceparent text, attempt int,
      at_ms int8)),
  finished AS (
    DELETE FROM tasks t USING input i
    WHERE t.tenant_id = i.tenant_id AND t.task_id = i.task_id AND t.attempts = i.attempts
      AND coalesce(t.lease_owner = $2, false)
    RETURNING i.*),
  changed AS (
    UPDATE appointments a SET version = a.version + 1, state = 'CONFIRMED', updated_at = f.at
    FROM finished f
    WHERE a.tenant_id = f.tenant_id AND a.appointment_id = f.appointment_id
      AND a.version = f.appointment_version AND a.state = 'SCHEDULED'
    RETURNING f.*, a.version, a.start_at, a.end_at, a.location, a.resource_id),
  history AS (
    INSERT INTO appointment_history (tenant_id, appointment_id, version, from_state, to_state,
      cause, start_at, end_at, location, resource_id, lane_id, busy_start_at, busy_end_at, actor,
      request_id, command_id, traceparent, at)
    SELECT c.tenant_id, c.appointment_id, c.version, 'SCHEDULED', 'CONFIRMED', 'confirm',
      c.start_at, c.end_at, c.location, c.resource_id, h.lane_id, h.busy_start_at, h.busy_end_at,
      'worker', c.request_id, c.command_id, c.traceparent, c.at
    FROM changed c LEFT JOIN slot_holds h
      ON h.tenant_id = c.tenant_id AND h.appointment_id = c.appointment_id),
  events AS (
    INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor, request_id,
      command_id, traceparent)
    SELECT shard, tenant_id, appointment_id, version, event_type, event, 'worker', request_id,
      command_id, traceparent FROM changed),
  done AS (
    UPDATE sagas s SET state = 'done', step = 'confirm', finished_at = now()
    FROM changed c WHERE s.tenant_id = c.tenant_id AND s.saga_id = c.saga_id),
  superseded AS (
    UPDATE sagas s SET state = 'superseded', finished_at = now()
    FROM finished f
    WHERE s.tenant_id = f.tenant_id AND s.saga_id = f.saga_id AND s.finished_at IS NULL
      AND (f.task_id IN (SELECT task_id FROM changed)) IS NOT TRUE),
  journal AS (
    INSERT INTO saga_steps (tenant_id, saga_id, step, direction, attempt, started_at, finished_at,
      outcome, latency_ms)
    SELECT tenant_id, saga_id, 'confirm', 'run', attempt, to_timestamp(at_ms / 1000.0),
      to_timestamp(at_ms / 1000.0), 'succeeded', 0
    FROM changed
    ON CONFLICT DO NOTHING)
  SELECT f.task_id, (f.task_id IN (SELECT task_id FROM changed)) IS TRUE AS confirmed
  FROM finished f`,
);

/**
 * Ends a batch of sagas in one statement. Answers what became of each task; one that is
 * absent was no longer this owner's, and nothing was done for it.
 */
export function confirmAppointments(
  queries: Queries,
  { epoch, processId }: TaskOwner,
  rows: readonly ConfirmRow[],
): Promise<Confirmation[]> {
  return queries.run(confirmBatch, [epoch, processId, JSON.stringify(rows)]);
}
