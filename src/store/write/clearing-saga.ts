import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { AppointmentKey } from './repair-appointments.ts';

export interface ClearingSaga extends AppointmentKey {
  saga_id: string;
  deadlineSeconds: number;
  actor: string;
  request_id: string | null;
  traceparent: string | null;
}

const start = statement<{ saga_id: string }>(
  'start_clearing_saga',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  saga AS (
    INSERT INTO sagas (tenant_id, saga_id, kind, appointment_id, appointment_version, step,
      deadline_at)
    SELECT a.tenant_id, $4, 'cancel', a.appointment_id, a.version, 'release',
      now() + make_interval(secs => $5)
    FROM epoch, appointments a WHERE a.tenant_id = $2 AND a.appointment_id = $3
    RETURNING *)
  INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, saga_id, actor,
    request_id, traceparent, deadline_at)
  SELECT tenant_id, 'calendar', kind, appointment_id::text, appointment_id, saga_id, $6, $7, $8,
    deadline_at
  FROM saga RETURNING saga_id`,
);

/** Begins the saga that releases what an appointment has in calendars where it is not. */
export async function startClearing(
  queries: Queries,
  epoch: number,
  saga: ClearingSaga,
): Promise<void> {
  const { tenant_id, appointment_id, saga_id, deadlineSeconds } = saga;
  await queries.run(start, [
    ...[epoch, tenant_id, appointment_id, saga_id, deadlineSeconds],
    ...[saga.actor, saga.request_id, saga.traceparent],
  ]);
}
