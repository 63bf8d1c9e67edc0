import type { Appointment } from '../../domain/appointment.ts';
import type { Operation } from '../../domain/command.ts';
import type { Reach } from '../../domain/reach.ts';
import type { TenantQueries } from '../../io/tenant-reads.ts';
import { appointmentColumns, toAppointment, type AppointmentRow } from '../appointment-row.ts';
import { rowRules } from '../row-rules.ts';
import { statement } from '../statement.ts';

export type CommandState = 'pending' | 'applied' | 'refused';

export interface Command {
  id: string;
  operation: Operation;
  appointmentId: string;
  state: CommandState;
  problem: unknown;
  createdAt: number;
  decidedAt: number | null;
}

interface CommandRow {
  command_id: string;
  operation: Operation;
  appointment_id: string;
  state: CommandState;
  problem: unknown;
  created_s: number;
  decided_s: number | null;
}

const commandById = statement<CommandRow>(
  'command_by_id',
  `SELECT c.command_id, c.operation, c.appointment_id, c.state, c.problem,
    floor(date_part('epoch', c.created_at))::int8 AS created_s,
    floor(date_part('epoch', c.decided_at))::int8 AS decided_s
  FROM commands c
  JOIN appointments a ON a.tenant_id = c.tenant_id AND a.appointment_id = c.appointment_id
  WHERE c.tenant_id = $1 AND c.command_id = $2 AND c.operation NOT IN ('replan', 'abandon')
    AND ${rowRules.appointments({ customer: '$3', resource: '$4' })}`,
);

/** A client's command about an appointment that is within reach. */
export async function findCommand(
  queries: TenantQueries,
  { id, reach }: { id: string; reach: Reach },
): Promise<Command | undefined> {
  const { tenantId, customerId, resourceId } = reach;
  const [row] = await queries.run(commandById, [tenantId, id, customerId, resourceId]);
  if (row === undefined) return undefined;
  return {
    id: row.command_id,
    operation: row.operation,
    appointmentId: row.appointment_id,
    state: row.state,
    problem: row.problem,
    createdAt: row.created_s,
    decidedAt: row.decided_s,
  };
}

/** What became of a command so far, with its appointment as it stands now. */
export interface CommandOutcome {
  tenantId: string;
  commandId: string;
  state: CommandState;
  problem: unknown;
  result: unknown;
  appointment: Appointment | null;
}

type OutcomeRow = {
  command_tenant_id: string;
  command_id: string;
  command_state: CommandState;
  problem: unknown;
  result: unknown;
} & { [column in keyof AppointmentRow]: AppointmentRow[column] | null };

const outcomeColumns = `c.tenant_id AS command_tenant_id, c.command_id,
    c.state AS command_state, c.problem, c.result, ${appointmentColumns}`;

const commandOutcomes = statement<OutcomeRow>(
  'command_outcomes',
  `SELECT ${outcomeColumns}
  FROM unnest($1::text[], $2::uuid[]) AS wanted (tenant_id, command_id)
  JOIN commands c ON c.tenant_id = wanted.tenant_id AND c.command_id = wanted.command_id
  LEFT JOIN appointments a
    ON a.tenant_id = c.tenant_id AND a.appointment_id = c.appointment_id
  WHERE c.state <> 'pending'`,
);

/** The outcomes of those commands, also of several tenants, that have been decided. */
export async function findCommandOutcomes(
  queries: TenantQueries,
  commands: readonly { tenantId: string; commandId: string }[],
): Promise<CommandOutcome[]> {
  const rows = await queries.run(commandOutcomes, [
    commands.map(({ tenantId }) => tenantId),
    commands.map(({ commandId }) => commandId),
  ]);
  return rows.map(toOutcome);
}

const outcomeWithinReach = statement<OutcomeRow>(
  'outcome_within_reach',
  `SELECT ${outcomeColumns}
  FROM commands c
  JOIN appointments a ON a.tenant_id = c.tenant_id AND a.appointment_id = c.appointment_id
  WHERE c.tenant_id = $1 AND c.command_id = $2
    AND ${rowRules.appointments({ customer: '$3', resource: '$4' })}`,
);

/** The outcome of a command, also an undecided one, whose appointment is within reach. */
export async function findCommandOutcome(
  queries: TenantQueries,
  { commandId, reach }: { commandId: string; reach: Reach },
): Promise<(CommandOutcome & { appointment: Appointment }) | undefined> {
  const { tenantId, customerId, resourceId } = reach;
  const [row] = await queries.run(outcomeWithinReach, [
    tenantId,
    commandId,
    customerId,
    resourceId,
  ]);
  return row && { ...toOutcome(row), appointment: toAppointment(row as AppointmentRow) };
}

function toOutcome(row: OutcomeRow): CommandOutcome {
  return {
    tenantId: row.command_tenant_id,
    commandId: row.command_id,
    state: row.command_state,
    problem: row.problem,
    result: row.result,
    appointment: row.appointment_id === null ? null : toAppointment(row as AppointmentRow),
  };
}
