import { Problem, type ProblemDocument } from '../contract/problem.ts';
import { actionsAllowedIn } from '../domain/appointment-state.ts';
import type { Appointment } from '../domain/appointment.ts';
import type { PendingCommand } from '../domain/command.ts';
import { failed } from './decide-create.ts';
import type { DecidedCommand, DecisionContext } from './decision.ts';

/**
 * The end of a command that could not be committed: refused. A booking fails as one whose saga
 * came to nothing in time does; whatever else was asked leaves the appointment as it was.
 */
export function decideGivenUp(
  command: PendingCommand,
  { context, attempts }: { context: DecisionContext; attempts: number },
): DecidedCommand {
  const { appointment, operation } = command;
  const refusal = refusalOf(command, `${operation} could not be stored in ${attempts} attempts`);
  if (operation === 'create' && appointment?.state === 'INIT') {
    return failed(command, appointment, { context, refusal });
  }
  const { position, seed } = context;
  return { command, position, seed, state: 'refused', problem: refusal, transitions: [] };
}

function refusalOf(command: PendingCommand, detail: string): ProblemDocument {
  const { appointment } = command;
  if (appointment === null) return new Problem('validation-failed', detail).document();
  return isAboutSlot(command)
    ? noSlot(appointment, detail)
    : notAllowed(command, appointment, detail);
}

/** What was to be held is not: proven by nothing but the attempts that are spent. */
function noSlot({ id }: Appointment, detail: string): ProblemDocument {
  const spent = { reason: 'deadline', proof: 'budget', conflicts: [], alternatives: [] };
  return new Problem('slot-unavailable', detail, {
    members: { appointment_id: id, ...spent },
  }).document();
}

function notAllowed(
  { operation }: PendingCommand,
  { id, state }: Appointment,
  detail: string,
): ProblemDocument {
  const allowed = actionsAllowedIn(state).filter((action) => action !== operation);
  return new Problem('illegal-transition', detail, {
    members: { appointment_id: id, state, allowed },
  }).document();
}

// The payload may be of a shape that nothing was made for, and that be the reason.
function isAboutSlot({ operation, payload }: PendingCommand): boolean {
  if (operation === 'create') return true;
  if (operation !== 'update' || typeof payload !== 'object' || payload === null) return false;
  return 'slot' in payload || 'location' in payload;
}
