/**
 * Deciding is synchronous and pure in everything but the region's holds: it applies each decision
 * to them at once, so that the next command of the batch is decided on what this one left, and
 * `revert` takes a batch back whose transaction failed. With the stored (position, now, seed) of
 * every command the same decisions come out again.
 */
import type { PendingCommand } from '../domain/command.ts';
import { decideAbandon } from './decide-abandon.ts';
import { decideAction } from './decide-action.ts';
import { decideCreate } from './decide-create.ts';
import { decideReplan } from './decide-replan.ts';
import { decideUpdate } from './decide-update.ts';
import type { DecidedCommand, DecisionContext } from './decision.ts';
import { decidingRegion, handOn } from './hand-on.ts';
import type { RegionState } from './placement/region-state.ts';

/** Decides one command about an appointment and applies it to the holds; when it throws, not. */
export function decide(
  state: RegionState,
  command: PendingCommand,
  context: DecisionContext,
): DecidedCommand {
  const decided = decideOperation(state, command, context);
  const undo: (() => void)[] = [];
  try {
    // All lanes are freed before any is taken: a decision may swap two bookings.
    for (const { hold } of decided.transitions) {
      if (!hold?.freed) continue;
      const freed = state.removeHold(hold.freed.appointmentId);
      if (freed) undo.push(() => state.placeHold(freed));
    }
    for (const { hold } of decided.transitions) {
      if (!hold?.taken) continue;
      const { taken } = hold;
      state.placeHold(taken);
      undo.push(() => void state.removeHold(taken.appointmentId));
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
  return decided;
}

/** Takes decisions back, the last one first. */
export function revert(state: RegionState, decisions: readonly DecidedCommand[]): void {
  for (const { transitions } of [...decisions].reverse()) {
    for (const { hold } of transitions) {
      if (hold?.taken) state.removeHold(hold.taken.appointmentId);
    }
    for (const { hold } of transitions) {
      if (hold?.freed) state.placeHold(hold.freed);
    }
  }
}

function decideOperation(
  state: RegionState,
  command: PendingCommand,
  context: DecisionContext,
): DecidedCommand {
  const { operation } = command;
  const region = decidingRegion(state, command, context.region);
  if (region !== context.region) return handOn(command, context, { region });
  switch (operation) {
    case 'create':
      return decideCreate(state, command, context);
    case 'cancel':
    case 'start':
    case 'complete':
    case 'fail':
      return decideAction(state, { ...command, operation }, context);
    case 'update':
      return decideUpdate(state, { ...command, operation }, context);
    case 'replan':
      return decideReplan(state, command, context);
    case 'abandon':
      return decideAbandon(state, command, context);
    case 'put-service-type':
    case 'put-location':
    case 'put-resource':
    case 'deactivate-service-type':
    case 'deactivate-location':
    case 'deactivate-resource':
    case 'add-absence':
    case 'remove-absence':
      throw new Error(`${operation} is not decided here`);
  }
}
