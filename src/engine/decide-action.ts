import { Problem } from '../contract/problem.ts';
import type { Appointment } from '../domain/appointment.ts';
import {
  actionsAllowedIn,
  holdsSlot,
  statesAllowing,
  type AppointmentAction,
  type AppointmentState,
  type EventName,
} from '../domain/appointment-state.ts';
import type { PendingCommand } from '../domain/command.ts';
import { clearingSaga } from './placing-saga.ts';
import type { DecidedCommand, DecisionContext, Transition } from './decision.ts';
import type { RegionState } from './placement/region-state.ts';

/** Actions that only move the appointment along its state machine. */
type Step = Exclude<AppointmentAction, 'update'>;

const steps: Record<Step, { to: AppointmentState; event: EventName }> = {
  cancel: { to: 'CANCELLED', event: 'cancelled' },
  start: { to: 'IN_PROGRESS', event: 'started' },
  complete: { to: 'COMPLETED', event: 'completed' },
  fail: { to: 'FAILED', event: 'failed' },
};

/**
 * Applies an action, or refuses it: `version-conflict` where If-Match no longer holds,
 * `illegal-transition` where the state does not allow it. A refusal leaves the appointment alone.
 */
export function decideAction(
  state: RegionState,
  command: PendingCommand & { operation: Step },
  context: DecisionContext,
): DecidedCommand {
  const before = command.appointment;
  if (before === null) throw new Error(`command ${command.id} has no appointment`);
  const decided = { command, position: context.position, seed: context.seed };
  const problem = objection(command, before);
  if (problem !== undefined) {
    return { ...decided, state: 'refused', problem: problem.document(), transitions: [] };
  }
  const transition = stepTaken(state, { command, before, context });
  return { ...decided, state: 'applied', transitions: [transition] };
}

/** What forbids the action on the appointment as it stands. */
export function objection(
  { operation, ifMatch, payload }: PendingCommand & { operation: AppointmentAction },
  { id, state, version, resourceId }: Appointment,
): Problem | undefined {
  const only = onlyResource(payload);
  if (only !== undefined && only !== resourceId) {
    return new Problem('not-found', 'there is no such appointment');
  }
  if (ifMatch !== null && ifMatch !== version) {
    return new Problem('version-conflict', `the appointment is at version ${version}`, {
      status: 409,
      members: { appointment_id: id },
    });
  }
  if (statesAllowing(operation).includes(state)) return undefined;
  return illegalTransition(operation, { id, state });
}

export function illegalTransition(
  action: AppointmentAction,
  { id, state }: { id: string; state: AppointmentState },
): Problem {
  return new Problem('illegal-transition', `${action} is not possible in ${state}`, {
    members: { appointment_id: id, state, allowed: actionsAllowedIn(state) },
  });
}

function stepTaken(
  state: RegionState,
  taken: {
    command: PendingCommand & { operation: Step };
    before: Appointment;
    context: DecisionContext;
  },
): Transition {
  const { command, before } = taken;
  const { now, sagaId } = taken.context;
  const { to, event } = steps[command.operation];
  const after: Appointment = {
    ...before,
    version: before.version + 1,
    state: to,
    reason: reasonGiven(command.payload) ?? before.reason,
    // Clocks of two machines differ; the history of one appointment does not go back.
    updatedAt: Math.max(before.updatedAt, now),
  };
  const transition: Transition = { before, after, cause: command.operation, event };
  if (!holdsSlot(before.state) || holdsSlot(to)) return transition;
  // A hold that ended long ago is no longer in memory; the row is deleted all the same.
  const freed = state.holds.get(before.id);
  // What has been served stays in the calendar.
  const saga =
    to === 'COMPLETED'
      ? undefined
      : clearingSaga(state, { id: sagaId, resourceId: before.resourceId });
  return { ...transition, hold: freed === undefined ? {} : { freed }, ...(saga && { saga }) };
}

/** Set by who works for this resource alone: what has been given to another is none of theirs. */
export function onlyResource(payload: unknown): string | undefined {
  const { only_resource: only } = (payload ?? {}) as { only_resource?: string };
  return only;
}

function reasonGiven(payload: unknown): string | undefined {
  const { reason } = (payload ?? {}) as { reason?: unknown };
  return typeof reason === 'string' ? reason : undefined;
}
