import type { Appointment } from '../../domain/appointment.ts';
import type { Queries } from '../../io/postgres.ts';
import { appointmentColumns, toAppointment, type AppointmentRow } from '../appointment-row.ts';
import { statement } from '../statement.ts';

export interface AppointmentKey {
  tenant_id: string;
  appointment_id: string;
}

const limitWaits = statement<never>(
  'limit_lock_waits',
  `SELECT set_config('lock_timeout', $1 || 'ms', true)`,
);

// What is locked is in flight: nothing to mend, and nothing to wait for.
const lockForRepair = statement<AppointmentRow>(
  'lock_appointment_for_repair',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  SELECT ${appointmentColumns} FROM epoch, appointments a
  WHERE a.tenant_id = $2 AND a.appointment_id = $3
  FOR UPDATE OF a SKIP LOCKED`,
);

/** An appointment that ends because what belongs to it is lost. */
export interface Compensation {
  /** As it is to be: FAILED, with its reason, at the next version. */
  after: Appointment;
  fromState: Appointment['state'];
  cause: 'refuse' | 'compensate';
  event: { type: string; bytes: string; shard: number };
  /** Where it ends what the appointment held by its history: the region's order of such changes. */
  hold?: { region: string; position: number } | undefined;
  actor: string;
  request_id: string | null;
  command_id: string | null;
  traceparent: string | null;
}

const failAppointment = statement<{ appointment_id: string }>(
  'fail_appointment',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  changed AS (
    UPDATE appointments a SET version = $4, state = 'FAILED', reason = $6, proof = $7,
      updated_at = to_timestamp($8)
    FROM epoch
    WHERE a.tenant_id = $2 AND a.appointment_id = $3 AND a.version = $4 - 1 AND a.state = $5
    RETURNING a.*),
  history AS (
    INSERT INTO appointment_history (tenant_id, appointment_id, version, from_state, to_state,
      cause, reason, start_at, end_at, location, resource_id, region, position, actor, request_id,
      command_id, traceparent, at)
    SELECT tenant_id, appointment_id, version, $5, state, $9, reason, start_at, end_at, location,
      resource_id, $17, $18, $10, $11, $12, $13, updated_at FROM changed)
  INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor, request_id,
    command_id, traceparent)
  SELECT $14, tenant_id, appointment_id, version, $15, $16, $10, $11, $12, $13 FROM changed
  RETURNING appointment_id`,
);

/** From here on the transaction waits no longer than this for a lock, then fails (55P03). */
export async function limitRepairLockWaits(queries: Queries, ms: number): Promise<void> {
  await queries.run(limitWaits, [String(ms)]);
}

/** The appointment, locked until the transaction ends; undefined while others work on it. */
export async function lockAppointmentForRepair(
  queries: Queries,
  epoch: number,
  { tenant_id, appointment_id }: AppointmentKey,
): Promise<Appointment | undefined> {
  const [row] = await queries.run(lockForRepair, [epoch, tenant_id, appointment_id]);
  return row && toAppointment(row);
}

/** Fails an appointment that holds nothing; false where it has changed meanwhile. */
export async function compensateAppointment(
  queries: Queries,
  epoch: number,
  compensation: Compensation,
): Promise<boolean> {
  const { after, fromState, cause, event, hold, actor } = compensation;
  const { request_id, command_id, traceparent } = compensation;
  const rows = await queries.run(failAppointment, [
    ...[epoch, after.tenantId, after.id, after.version, fromState, after.reason, after.proof],
    ...[after.updatedAt, cause, actor, request_id, command_id, traceparent],
    ...[event.shard, event.type, event.bytes, hold?.region ?? null, hold?.position ?? null],
  ]);
  return rows.length === 1;
}
