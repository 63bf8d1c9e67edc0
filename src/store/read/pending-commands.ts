import type { PendingCommand, Operation } from '../../domain/command.ts';
import type { Queries } from '../../io/postgres.ts';
import { appointmentColumns, toAppointment, type AppointmentRow } from '../appointment-row.ts';
import { statement } from '../statement.ts';

type Row = {
  command_id: string;
  operation: Operation;
  accepted_seq: number;
  regions_tried: string[];
  waits: boolean;
  payload: unknown;
  if_match: number | null;
  actor: string;
  request_id: string | null;
  command_traceparent: string | null;
} & { [column in keyof AppointmentRow]: AppointmentRow[column] | null };

// OFFSET 0 keeps the look-ups by key apart: joined by the constant tenant, they can become a scan
// of all that the tenant has in a plan that was made while the table was small.
// A command waits for the earlier ones of its appointment that another region decides. Only the
// first of each appointment is asked about: those behind it wait for it in any case.
const pendingByRegion = statement<Row>(
  'pending_by_region',
  `SELECT c.command_id, c.operation, c.accepted_seq, c.regions_tried, c.payload, c.if_match,
    c.actor, c.request_id, c.traceparent AS command_traceparent, ${appointmentColumns},
    CASE WHEN c.place = 1 AND c.operation <> 'create' THEN EXISTS (
      SELECT FROM (
        SELECT state, region FROM commands
        WHERE tenant_id = c.tenant_id AND appointment_id = c.appointment_id
          AND accepted_seq < c.accepted_seq OFFSET 0) e
      WHERE e.state = 'pending' AND e.region <> c.region) ELSE false END AS waits
  FROM (
    SELECT p.*, row_number() OVER (PARTITION BY p.appointment_id ORDER BY p.accepted_seq) AS place
    FROM (
      SELECT * FROM commands WHERE tenant_id = $1 AND region = $2 AND state = 'pending'
      ORDER BY accepted_seq LIMIT $3) p) c
  LEFT JOIN LATERAL (
    SELECT * FROM appointments
    WHERE tenant_id = c.tenant_id AND appointment_id = c.appointment_id OFFSET 0) a ON true
  ORDER BY c.accepted_seq`,
);

/** The oldest undecided commands of a region, each with its appointment as it stands. */
export async function findPendingCommands(
  queries: Queries,
  { tenantId, region, limit }: { tenantId: string; region: string; limit: number },
): Promise<PendingCommand[]> {
  const rows = await queries.run(pendingByRegion, [tenantId, region, limit]);
  return rows.map((row) => ({
    tenantId,
    id: row.command_id,
    operation: row.operation,
    acceptedSeq: row.accepted_seq,
    regionsTried: row.regions_tried,
    waits: row.waits,
    payload: row.payload,
    ifMatch: row.if_match,
    trace: {
      actor: row.actor,
      requestId: row.request_id,
      traceparent: row.command_traceparent,
    },
    appointment: row.appointment_id === null ? null : toAppointment(row as AppointmentRow),
  }));
}

const oldestPending = statement<{ created_s: number | null }>(
  'oldest_pending',
  `SELECT floor(date_part('epoch', min(created_at)))::int8 AS created_s
  FROM commands WHERE tenant_id = $1 AND region = $2 AND state = 'pending'`,
);

/** When the oldest undecided command of a region was accepted: epoch seconds. */
export async function oldestPendingSeconds(
  queries: Queries,
  { tenantId, region }: { tenantId: string; region: string },
): Promise<number | undefined> {
  const [row] = await queries.run(oldestPending, [tenantId, region]);
  return row?.created_s ?? undefined;
}
