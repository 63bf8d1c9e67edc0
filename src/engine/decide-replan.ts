import type { Appointment } from '../domain/appointment.ts';
import { allowsNewSlot } from '../domain/appointment-state.ts';
import type { PendingCommand } from '../domain/command.ts';
import { clearingSaga, placingSaga } from './placing-saga.ts';
import { abandoned, overtaken } from './decide-abandon.ts';
import { holdOf, placementRequest } from './decide-create.ts';
import type { DecidedCommand, DecisionContext, Transition } from './decision.ts';
import { handOn, nextRegion } from './hand-on.ts';
import { place, type Placed, type Placement } from './placement/place.ts';
import type { RegionState } from './placement/region-state.ts';

/** The calendar of the appointment's resource will not have it. */
export interface ReplanPayload {
  version: number;
  resourceId: string;
  /** Resources that have refused the slot, this one included. */
  excluded: string[];
  /** What stands in the way there; empty where the calendar cannot be used at all. */
  busy: { id: string; start: number; end: number }[];
}

/**
 * Gives the slot to another resource. Where none is left in any region, or one was asked for by
 * name, the booking fails. An appointment that has moved on meanwhile stays as it is.
 */
export function decideReplan(
  state: RegionState,
  command: PendingCommand,
  context: DecisionContext,
): DecidedCommand {
  const before = command.appointment;
  if (before === null) throw new Error(`command ${command.id} has no appointment`);
  const { version, excluded } = command.payload as ReplanPayload;
  const { position, seed, region } = context;
  const decided = { command, position, seed };
  if (before.version !== version || !allowsNewSlot(before.state)) {
    return { ...decided, state: 'refused', problem: overtaken(before), transitions: [] };
  }
  if (before.requestedResourceId === null) {
    const placement = placeElsewhere(state, { before, excluded, seed });
    if (placement.kind === 'placed') {
      const transition = reassigned(state, { before, placement, context });
      return { ...decided, state: 'applied', transitions: [transition] };
    }
    const next = nextRegion(state, command, { about: before, own: region });
    // What stands in the way is noted in the region where it does.
    const payload = { ...(command.payload as ReplanPayload), busy: [] };
    if (next !== undefined) return handOn(command, context, { region: next, payload });
  }
  const transition = refusedByAll(state, before, context);
  return { ...decided, state: 'applied', transitions: [transition] };
}

function placeElsewhere(
  state: RegionState,
  { before, excluded, seed }: { before: Appointment; excluded: string[]; seed: number },
): Placement {
  const own = state.removeHold(before.id);
  try {
    return place(state, { ...placementRequest(before), excluded }, seed);
  } finally {
    if (own !== undefined) state.placeHold(own);
  }
}

function reassigned(
  state: RegionState,
  change: { before: Appointment; placement: Placed; context: DecisionContext },
): Transition {
  const { before, placement, context } = change;
  const after: Appointment = {
    ...before,
    version: before.version + 1,
    state: 'SCHEDULED',
    resourceId: placement.resourceId,
    region: context.region,
    updatedAt: Math.max(before.updatedAt, context.now),
  };
  const freed = state.holds.get(before.id);
  const hold = holdOf(after, placement, freed);
  const taken = { ...hold, moves: hold.moves + 1 };
  return {
    before,
    after,
    cause: 'reassign',
    event: 'reassigned',
    previous: { start: before.start, end: before.end, resourceId: before.resourceId },
    hold: freed === undefined ? { taken } : { freed, taken },
    saga: placingSaga(
      state,
      { id: context.sagaId, kind: 'reassign' },
      { before: before.resourceId, after: placement.resourceId },
    ),
  };
}

function refusedByAll(
  state: RegionState,
  before: Appointment,
  context: DecisionContext,
): Transition {
  const step = abandoned(state, { before, context, reason: 'calendar-refused' });
  const saga = clearingSaga(state, { id: context.sagaId, resourceId: before.resourceId });
  return saga === undefined ? step : { ...step, saga };
}
