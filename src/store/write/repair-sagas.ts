import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { AppointmentKey } from './repair-appointments.ts';

export interface NewSaga extends AppointmentKey {
  saga_id: string;
  /** Of the appointment, whose row the caller has locked: what the saga confirms. */
  version: number;
  deadlineSeconds: number;
}

// Where the resource has a calendar, or there may be a reservation that it has left behind.
const laneOf = (saga: string): string => `CASE WHEN EXISTS (
      SELECT FROM calendar_reservations v
      WHERE v.tenant_id = ${saga}.tenant_id AND v.appointment_id = ${saga}.appointment_id)
    OR EXISTS (
      SELECT FROM appointments a JOIN resources r
        ON r.tenant_id = a.tenant_id AND r.resource_id = a.resource_id
      WHERE a.tenant_id = ${saga}.tenant_id AND a.appointment_id = ${saga}.appointment_id
        AND r.calendar ->> 'kind' <> 'none')
    THEN 'calendar' ELSE 'saga' END`;

const startSaga = statement<{ saga_id: string }>(
  'start_create_saga',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  saga AS (
    INSERT INTO sagas (tenant_id, saga_id, kind, appointment_id, appointment_version, step,
      deadline_at)
    SELECT a.tenant_id, $4, 'create', a.appointment_id, a.version, 'reserve',
      now() + make_interval(secs => $6)
    FROM epoch, appointments a
    WHERE a.tenant_id = $2 AND a.appointment_id = $3 AND a.version = $5 AND a.state = 'SCHEDULED'
    RETURNING *)
  INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, saga_id, actor,
    request_id, command_id, traceparent, deadline_at)
  SELECT s.tenant_id, ${laneOf('s')}, s.kind, s.appointment_id::text, s.appointment_id, s.saga_id,
    coalesce(h.actor, 'worker'), h.request_id, h.command_id, h.traceparent, s.deadline_at
  FROM saga s LEFT JOIN appointment_history h ON h.tenant_id = s.tenant_id
    AND h.appointment_id = s.appointment_id AND h.version = s.appointment_version
  RETURNING saga_id`,
);

const lockSaga = statement<{ saga_id: string }>(
  'lock_saga_for_repair',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  SELECT s.saga_id FROM epoch, sagas s
  WHERE s.tenant_id = $2 AND s.saga_id = $3 AND s.finished_at IS NULL
  FOR UPDATE OF s SKIP LOCKED`,
);

const giveTask = statement<{ saga_id: string }>(
  'give_saga_its_task',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, saga_id, actor,
    request_id, command_id, traceparent, deadline_at)
  SELECT s.tenant_id, ${laneOf('s')}, s.kind, s.appointment_id::text, s.appointment_id, s.saga_id,
    coalesce(h.actor, 'worker'), h.request_id, h.command_id, h.traceparent, s.deadline_at
  FROM epoch, sagas s LEFT JOIN appointment_history h ON h.tenant_id = s.tenant_id
    AND h.appointment_id = s.appointment_id AND h.version = s.appointment_version
  WHERE s.tenant_id = $2 AND s.saga_id = $3 AND s.finished_at IS NULL
    AND NOT EXISTS (
      SELECT FROM tasks t WHERE t.tenant_id = s.tenant_id
        AND t.lane IN ('saga', 'calendar')
        AND t.ordering_key = s.appointment_id::text AND t.saga_id = s.saga_id)
    AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.saga_id = s.saga_id)
  RETURNING saga_id`,
);

/** Starts the saga that confirms an appointment; false where it has moved on. */
export async function startMissingSaga(
  queries: Queries,
  epoch: number,
  { tenant_id, appointment_id, saga_id, version, deadlineSeconds }: NewSaga,
): Promise<boolean> {
  const values = [epoch, tenant_id, appointment_id, saga_id, version, deadlineSeconds];
  return (await queries.run(startSaga, values)).length === 1;
}

/** Gives a saga its task again, in a transaction; false where it is ended, or somebody's. */
export async function giveSagaItsTask(
  queries: Queries,
  epoch: number,
  { tenant_id, saga_id }: { tenant_id: string; saga_id: string },
): Promise<boolean> {
  const values = [epoch, tenant_id, saga_id];
  // Seen only once the row is locked: nobody else gives it one meanwhile.
  if ((await queries.run(lockSaga, values)).length === 0) return false;
  return (await queries.run(giveTask, values)).length === 1;
}
