import { Problem } from '../contract/problem.ts';
import type { Appointment } from '../domain/appointment.ts';
import type { PendingCommand } from '../domain/command.ts';
import type { DecidedCommand, DecisionContext, Transition } from './decision.ts';
import type { RegionState } from './placement/region-state.ts';

/** A saga has been taken back: nothing of the version is left outside. */
export interface AbandonPayload {
  version: number;
  reason: string;
}

/** Frees the slot of a booking that could not be carried through; one that has moved on stays. */
export function decideAbandon(
  state: RegionState,
  command: PendingCommand,
  context: DecisionContext,
): DecidedCommand {
  const before = command.appointment;
  if (before === null) throw new Error(`command ${command.id} has no appointment`);
  const { version, reason } = command.payload as AbandonPayload;
  const { position, seed } = context;
  const decided = { command, position, seed };
  if (before.version !== version || before.state !== 'SCHEDULED') {
    return { ...decided, state: 'refused', problem: overtaken(before), transitions: [] };
  }
  return {
    ...decided,
    state: 'applied',
    transitions: [abandoned(state, { before, context, reason })],
  };
}

/** The step to FAILED of an appointment that holds its slot. */
export function abandoned(
  state: RegionState,
  ending: { before: Appointment; context: DecisionContext; reason: string },
): Transition {
  const { before, reason } = ending;
  const { now } = ending.context;
  const after: Appointment = {
    ...before,
    version: before.version + 1,
    state: 'FAILED',
    reason,
    updatedAt: Math.max(before.updatedAt, now),
  };
  const freed = state.holds.get(before.id);
  const hold = freed === undefined ? {} : { freed };
  return { before, after, cause: 'compensate', event: 'failed', hold };
}

export function overtaken({ id, version }: Appointment): ReturnType<Problem['document']> {
  const detail = `the appointment is at version ${version}`;
  return new Problem('version-conflict', detail, {
    status: 409,
    members: { appointment_id: id },
  }).document();
}
