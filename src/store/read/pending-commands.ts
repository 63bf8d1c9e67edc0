import type { PendingCommand, Operation } from '../../domain/command.ts';
import type { Queries } from '../../io/postgres.ts';
import { appointmentColumns, toAppointment, type AppointmentRow } from '../appointment-row.ts';
import { statement } from '../statement.ts';

type Row = {
  command_id: string;
  operation: Operation;
  accepted_seq: number;
  payload: unknown;
  if_match: number | null;
  actor: string;
  request_id: string | null;
  command_traceparent: string | null;
} & { [column in keyof AppointmentRow]: AppointmentRow[column] | null };

const pendingByRegion = statement<Row>(
  'pending_by_region',
  `SELECT c.command_id, c.operation, c.accepted_seq, c.payload, c.if_match, c.actor, c.request_id,
    c.traceparent AS command_traceparent, ${appointmentColumns}
  FROM commands c
  LEFT JOIN appointments a
    ON a.tenant_id = c.tenant_id AND a.appointment_id = c.appointment_id
  WHERE c.tenant_id = $1 AND c.region = $2 AND c.state = 'pending'
  ORDER BY c.accepted_seq LIMIT $3`,
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
