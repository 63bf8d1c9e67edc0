/**
 * Deciding is synchronous and pure in everything but the region's holds: it applies each decision
 * to them at once, so that the next command of the batch is decided on what this one left, and
 * `revert` takes a batch back whose transaction failed. With the stored (position, now, seed) of
 * every command the same decisions come out again.
 */
import type { PendingCommand } from '../domain/command.ts';
import { decideAction } from './decide-action.ts';
import { decideCreate } from './decide-create.ts';
import type { DecidedCommand, DecisionContext } from './decision.ts';
import type { RegionState } from './placement/region-state.ts';

/** Decides one command about an appointment and applies it to the holds in memory. */
export function decide(
  state: RegionState,
  command: PendingCommand,
  context: DecisionContext,
): DecidedCommand {
  const decided = decideOperation(state, command, context);
  for (const { hold } of decided.transitions) {
    if (hold?.freed) state.removeHold(hold.freed.appointmentId);
    if (hold?.taken) state.placeHold(hold.taken);
  }
  return decided;
}

/** Takes decisions back, the last one first. */
export function revert(state: RegionState, decisions: readonly DecidedCommand[]): void {
  for (const { transitions } of [...decisions].reverse()) {
    for (const { hold } of [...transitions].reverse()) {
      if (hold?.taken) state.removeHold(hold.taken.appointmentId);
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
  switch (operation) {
    case 'create':
      return decideCreate(state, command, context);
    case 'cancel':
    case 'start':
    case 'complete':
    case 'fail':
      return decideAction(state, { ...command, operation }, context);
    case 'update':
    case 'put-service-type':
    case 'put-location':
    case 'put-resource':
      throw new Error(`${operation} is not decided here`);
  }
}
