import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

/** A task that failed for good, or (lane `event`) an event that a consumer could not take. */
export interface DeadLetter {
  tenant_id: string;
  /** Unique among all dead letters. */
  task_id: number;
  lane: string;
  /** What the task is; of an event, the consumer. */
  kind: string;
  appointment_id: string | null;
  /** Of an event. */
  version: number | null;
  attempts: number;
  reason: string;
  died_s: number;
}

/** An appointment whose event the bus refused. */
export interface ParkedAppointment {
  tenant_id: string;
  appointment_id: string;
  reason: string;
  parked_s: number;
}

/** Null: whichever. */
export interface DeadLetterFilter {
  tenantId: string | null;
  lane: string | null;
  appointmentId: string | null;
  /** Dead letters of these ids alone. */
  ids: readonly number[] | null;
}

const deadLetters = statement<DeadLetter>(
  'dead_letters',
  `SELECT tenant_id, task_id, lane, kind, appointment_id, (payload ->> 'version')::int AS version,
    attempts, reason, floor(date_part('epoch', died_at))::int8 AS died_s
  FROM dead_letters
  WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR lane = $2)
    AND ($3::uuid IS NULL OR appointment_id = $3) AND ($4::int8[] IS NULL OR task_id = ANY ($4))
    AND task_id > $5 AND task_id <= $6
  ORDER BY task_id LIMIT $7`,
);

const parkedAppointments = statement<ParkedAppointment>(
  'parked_appointments',
  `SELECT tenant_id, appointment_id, reason, floor(date_part('epoch', parked_at))::int8 AS parked_s
  FROM outbox_parked
  WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::uuid[] IS NULL OR appointment_id = ANY ($2))
    AND appointment_id > $3
  ORDER BY appointment_id LIMIT $4`,
);

const lastDeadLetter = statement<{ last: number }>(
  'last_dead_letter',
  `SELECT coalesce(max(task_id), 0)::int8 AS last FROM dead_letters`,
);

/** Up to `limit` dead letters behind the id `after` and up to the id `last`, in order of id. */
export function findDeadLetters(
  queries: Queries,
  { tenantId, lane, appointmentId, ids }: DeadLetterFilter,
  { after, last, limit }: { after: number; last: number; limit: number },
): Promise<DeadLetter[]> {
  return queries.run(deadLetters, [tenantId, lane, appointmentId, ids, after, last, limit]);
}

/** The highest id of a dead letter: later ones have higher ids. */
export async function lastOfDeadLetters(queries: Queries): Promise<number> {
  const [row] = await queries.run(lastDeadLetter);
  return row?.last ?? 0;
}

/** Up to `limit` parked appointments behind the id `after`, in order of id; null ids: all. */
export function findParkedBesideDeadLetters(
  queries: Queries,
  { tenantId, ids }: { tenantId: string | null; ids: readonly string[] | null },
  { after, limit }: { after: string; limit: number },
): Promise<ParkedAppointment[]> {
  return queries.run(parkedAppointments, [tenantId, ids, after, limit]);
}
