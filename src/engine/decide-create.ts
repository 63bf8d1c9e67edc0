import { Problem, type Conflict, type ProblemDocument } from '../contract/problem.ts';
import type { Appointment, RefusalProof, RefusalReason } from '../domain/appointment.ts';
import { actionsAllowedIn } from '../domain/appointment-state.ts';
import type { PendingCommand } from '../domain/command.ts';
import { formatInstant } from '../domain/slot.ts';
import { placingSaga } from './placing-saga.ts';
import type { BegunSaga, DecidedCommand, DecisionContext } from './decision.ts';
import { handOn, moreTelling, nextRegion } from './hand-on.ts';
import { alternatives } from './placement/alternatives.ts';
import type { PlacementRequest } from './placement/demand.ts';
import { place, type Placed, type Refused } from './placement/place.ts';
import type { RegionState } from './placement/region-state.ts';
import type { Hold } from './placement/timeline.ts';

/**
 * Holds a slot for a new appointment (SCHEDULED), hands it on where other regions may have one, or
 * fails it with the most telling reason of all regions that were asked.
 */
export function decideCreate(
  state: RegionState,
  command: PendingCommand,
  context: DecisionContext,
): DecidedCommand {
  const before = command.appointment;
  if (before === null) throw new Error(`command ${command.id} has no appointment`);
  if (before.state !== 'INIT') return outOfTurn(command, before, context);
  const request = placementRequest(before);
  const placement = place(state, request, context.seed);
  if (placement.kind === 'placed') {
    const saga = placingSaga(
      state,
      { id: context.sagaId, kind: 'create' },
      { before: null, after: placement.resourceId },
    );
    return scheduled(command, before, { placement, context, saga });
  }
  const own = slotUnavailable(state, { request, placement, context, id: before.id }).document();
  const refusal = moreTelling(command, placement.reason) ?? own;
  const next = nextRegion(state, command, { about: before, own: context.region });
  if (next !== undefined)
    return handOn(command, context, { region: next, payload: { refused: refusal } });
  return failed(command, before, { context, refusal });
}

/** Somebody else has moved the appointment on: what is final stays so. */
function outOfTurn(
  command: PendingCommand,
  { id, state }: Appointment,
  { position, seed }: DecisionContext,
): DecidedCommand {
  const problem = new Problem('illegal-transition', `an appointment in ${state} is not scheduled`, {
    members: { appointment_id: id, state, allowed: actionsAllowedIn(state) },
  }).document();
  return { command, position, seed, state: 'refused', problem, transitions: [] };
}

export function placementRequest(appointment: Appointment): PlacementRequest {
  return {
    serviceType: appointment.serviceType,
    location: requestedLocation(appointment),
    resourceId: appointment.requestedResourceId ?? undefined,
    slot: { start: appointment.start, end: appointment.end },
  };
}

function requestedLocation(appointment: Appointment): PlacementRequest['location'] {
  if (appointment.location === null) return undefined;
  return appointment.locationKnown
    ? { kind: 'catalogue', id: appointment.location }
    : { kind: 'free', text: appointment.location };
}

function scheduled(
  command: PendingCommand,
  before: Appointment,
  { placement, context, saga }: { placement: Placed; context: DecisionContext; saga: BegunSaga },
): DecidedCommand {
  const after: Appointment = {
    ...before,
    version: before.version + 1,
    state: 'SCHEDULED',
    region: context.region,
    resourceId: placement.resourceId,
    updatedAt: Math.max(before.updatedAt, context.now),
  };
  const taken = holdOf(after, placement);
  return {
    command,
    position: context.position,
    seed: context.seed,
    state: 'applied',
    transitions: [{ before, after, cause: 'schedule', event: 'scheduled', hold: { taken }, saga }],
  };
}

/** What the appointment occupies where it was placed; `before` is the hold that it gives up. */
export function holdOf(appointment: Appointment, placement: Placed, before?: Hold): Hold {
  const { location, locationKnown, requestedResourceId } = appointment;
  return {
    appointmentId: appointment.id,
    laneId: placement.laneId,
    resourceId: placement.resourceId,
    start: appointment.start,
    end: appointment.end,
    bufferBefore: placement.bufferBefore,
    bufferAfter: placement.bufferAfter,
    location: locationKnown ? (location ?? undefined) : undefined,
    serviceType: appointment.serviceType,
    // Who asked for a resource gets that one and keeps it.
    pin: requestedResourceId === null ? 'movable' : 'pinned',
    moves: before?.moves ?? 0,
  };
}

/** Ends a booking that is refused: its appointment is FAILED with the refusal's reason. */
export function failed(
  command: PendingCommand,
  before: Appointment,
  { context, refusal }: { context: DecisionContext; refusal: ProblemDocument },
): DecidedCommand {
  const after: Appointment = {
    ...before,
    version: before.version + 1,
    state: 'FAILED',
    region: context.region,
    reason: refusal.reason ?? null,
    proof: (refusal.proof ?? null) as RefusalProof | null,
    updatedAt: Math.max(before.updatedAt, context.now),
  };
  return {
    command,
    position: context.position,
    seed: context.seed,
    state: 'refused',
    problem: refusal,
    transitions: [{ before, after, cause: 'refuse', event: 'failed' }],
  };
}

const explanations: Record<RefusalReason, string> = {
  'no-capable-resource': 'no resource offers this service there',
  'resource-inactive': 'the resources that offer this service are inactive',
  'outside-hours': 'the slot lies outside working hours',
  absent: 'the resources that could take it are absent',
  'calendar-busy': 'the calendars of the resources that could take it are busy',
  'no-room': 'every resource that could take it is booked',
  travel: 'no resource could travel there in time',
};

/** The refusal with what stands in the way and what would be free. */
export function slotUnavailable(
  state: RegionState,
  refused: { request: PlacementRequest; placement: Refused; context: DecisionContext; id: string },
): Problem {
  const { request, placement, context, id } = refused;
  const free = alternatives(state, request, { now: context.now });
  return new Problem('slot-unavailable', explanations[placement.reason], {
    members: {
      appointment_id: id,
      reason: placement.reason,
      proof: placement.proof,
      conflicts: placement.conflicts.map(slotOfResource),
      alternatives: free.map(slotOfResource),
    },
  });
}

function slotOfResource(of: { resourceId: string; start: number; end: number }): Conflict {
  return {
    resource_id: of.resourceId,
    start_time: formatInstant(of.start),
    end_time: formatInstant(of.end),
  };
}
