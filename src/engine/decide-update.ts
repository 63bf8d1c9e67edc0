import type { Problem } from '../contract/problem.ts';
import type { Appointment } from '../domain/appointment.ts';
import { allowsNewSlot } from '../domain/appointment-state.ts';
import type { PendingCommand } from '../domain/command.ts';
import type { Slot } from '../domain/slot.ts';
import { placingSaga } from './placing-saga.ts';
import { illegalTransition, objection, onlyResource } from './decide-action.ts';
import { holdOf, placementRequest, slotUnavailable } from './decide-create.ts';
import type { DecidedCommand, DecisionContext, Transition } from './decision.ts';
import type { PlacementRequest } from './placement/demand.ts';
import { place, type Placement } from './placement/place.ts';
import type { RegionState } from './placement/region-state.ts';

/** What a PATCH asks for; an absent member keeps what is. */
export interface UpdatePayload {
  slot?: Slot;
  /** `text` null takes the location away. */
  location?: { text: string | null; known: boolean };
  /** Compact JSON text, or null for none. */
  metadata?: string | null;
}

/**
 * A new time or place is a reschedule: the old slot is held until the new one is, both in one
 * transaction. Slot and metadata together are one version; what changes nothing makes none.
 */
export function decideUpdate(
  state: RegionState,
  command: PendingCommand & { operation: 'update' },
  context: DecisionContext,
): DecidedCommand {
  const before = command.appointment;
  if (before === null) throw new Error(`command ${command.id} has no appointment`);
  const decided = { command, position: context.position, seed: context.seed };
  const wanted = applyPayload(before, command.payload ?? {}, context);
  const refuse = (problem: Problem): DecidedCommand => {
    return { ...decided, state: 'refused', problem: problem.document(), transitions: [] };
  };
  const stale = objection(command, before);
  if (stale !== undefined) return refuse(stale);
  if (!movesTo(wanted, before)) {
    const changes = wanted.metadata !== before.metadata;
    const transitions = changes ? [updated(state, { before, after: wanted, context })] : [];
    return { ...decided, state: 'applied', transitions };
  }
  if (!allowsNewSlot(before.state)) return refuse(illegalTransition('update', before));
  const request = requestOf(wanted, command);
  const placement = placeAnew(state, { before, request, seed: context.seed });
  if (placement.kind === 'refused') {
    return refuse(slotUnavailable(state, { request, placement, context, id: before.id }));
  }
  const transition = rescheduled(state, { before, wanted, placement, sagaId: context.sagaId });
  return { ...decided, state: 'applied', transitions: [transition] };
}

function applyPayload(
  before: Appointment,
  payload: UpdatePayload,
  { now, region }: DecisionContext,
): Appointment {
  const { slot, location, metadata } = payload;
  return {
    ...before,
    ...(slot && { start: slot.start, end: slot.end }),
    ...(location && { location: location.text, locationKnown: location.known }),
    metadata: metadata === undefined ? before.metadata : metadata,
    region,
    version: before.version + 1,
    updatedAt: Math.max(before.updatedAt, now),
  };
}

function movesTo(wanted: Appointment, before: Appointment): boolean {
  return (
    wanted.start !== before.start ||
    wanted.end !== before.end ||
    wanted.location !== before.location ||
    wanted.locationKnown !== before.locationKnown
  );
}

// A saga confirms the version that it began at, so an unconfirmed appointment needs a new one.
function updated(
  state: RegionState,
  change: { before: Appointment; after: Appointment; context: DecisionContext },
): Transition {
  const { before, after, context } = change;
  const step: Transition = { before, after, cause: 'update', event: 'updated' };
  if (before.state !== 'SCHEDULED') return step;
  const saga = placingSaga(
    state,
    { id: context.sagaId, kind: 'create' },
    { before: before.resourceId, after: after.resourceId },
  );
  return { ...step, saga };
}

// Who works for one resource reschedules on it, and gives nothing to others.
function requestOf(wanted: Appointment, { payload }: PendingCommand): PlacementRequest {
  const only = onlyResource(payload);
  const request = placementRequest(wanted);
  return only === undefined ? request : { ...request, resourceId: only };
}

// Its own hold does not stand in its way; the resource that has it is asked first, so that a
// customer who moves an appointment by an hour keeps the provider where possible.
function placeAnew(
  state: RegionState,
  { before, request, seed }: { before: Appointment; request: PlacementRequest; seed: number },
): Placement {
  const own = state.removeHold(before.id);
  try {
    if (request.resourceId === undefined && before.resourceId !== null) {
      const same = place(state, { ...request, resourceId: before.resourceId }, seed);
      if (same.kind === 'placed') return same;
    }
    return place(state, request, seed);
  } finally {
    if (own !== undefined) state.placeHold(own);
  }
}

function rescheduled(
  state: RegionState,
  change: {
    before: Appointment;
    wanted: Appointment;
    placement: Placement & { kind: 'placed' };
    sagaId: string;
  },
): Transition {
  const { before, wanted, placement, sagaId } = change;
  const freed = state.holds.get(before.id);
  const taken = holdOf(wanted, placement, freed);
  return {
    before,
    after: { ...wanted, state: 'SCHEDULED', resourceId: placement.resourceId },
    cause: 'reschedule',
    event: 'rescheduled',
    previous: { start: before.start, end: before.end, resourceId: before.resourceId },
    hold: freed === undefined ? { taken } : { freed, taken },
    saga: placingSaga(
      state,
      { id: sagaId, kind: 'reschedule' },
      { before: before.resourceId, after: placement.resourceId },
    ),
  };
}
