// The one place that says whether a resource can take a request. Accepting, availability and the
// explanation of a refusal all ask here, and so cannot disagree.

import { firstOverlap } from '../../domain/intervals.ts';
import type { Interval } from '../../domain/intervals.ts';
import type { Slot } from '../../domain/slot.ts';
import type { Demand, PlacementRequest } from './demand.ts';
import type { RegionState } from './region-state.ts';
import type { ResourceState } from './resource-state.ts';
import { findRoom, hasRoomByBuffers } from './room.ts';
import type { Room } from './room.ts';

export type Rule =
  | 'inactive'
  | 'service_type'
  | 'location'
  | 'hours'
  | 'break'
  | 'absence'
  | 'calendar'
  | 'capacity'
  | 'travel';

interface Asked {
  state: RegionState;
  request: PlacementRequest;
  resource: ResourceState;
}

/** Either the rule that stops the request, or the room there is for it. */
export type Eligibility = { rule: Rule; room: undefined } | { rule: null; room: Room };

/** The first rule that stops the request on this resource, or null. */
export function explain(
  state: RegionState,
  request: PlacementRequest,
  resource: ResourceState,
): Rule | null {
  return eligibility(state, request, resource).rule;
}

/** As `explain`, with the lane to take when nothing stops the request. */
export function eligibility(
  state: RegionState,
  request: PlacementRequest,
  resource: ResourceState,
): Eligibility {
  return roomUnder(catalogueRule(state, request, resource), { state, request, resource });
}

/** As `eligibility`, of a resource that is known to offer the service type. */
export function candidateEligibility(
  state: RegionState,
  request: PlacementRequest,
  resource: ResourceState,
): Eligibility {
  return roomUnder(candidateRule(state, request, resource), { state, request, resource });
}

function roomUnder(rule: Rule | null, { state, request, resource }: Asked): Eligibility {
  if (rule !== null) return stoppedBy(rule);
  const { slot } = request;
  const opening = openingOrRule(slot, resource);
  if (typeof opening === 'string') return stoppedBy(opening);
  const occupation = resource.occupation(request, slot);
  const room = findRoom(resource, occupation, { opening, compatible: state.compatible });
  if (room !== undefined) return { rule: null, room };
  return stoppedBy(hasRoomByBuffers(resource, occupation, opening) ? 'travel' : 'capacity');
}

/** Whether a resource that offers the service type could serve the request, were it not booked. */
export function couldServe(
  state: RegionState,
  request: PlacementRequest,
  resource: ResourceState,
): boolean {
  if (candidateRule(state, request, resource) !== null) return false;
  return typeof openingOrRule(request.slot, resource) !== 'string';
}

/** The open interval around the slot, or the rule of the time that stops it. */
function openingOrRule(slot: Slot, resource: ResourceState): Interval | Rule {
  const opening = resource.calendar.openingAround(slot);
  if (opening === undefined) return resource.calendar.isWithinHours(slot) ? 'break' : 'hours';
  if (firstOverlap(resource.absent, slot) !== undefined) return 'absence';
  if (firstOverlap(resource.calendarBusy, slot) !== undefined) return 'calendar';
  return opening;
}

/** The rules of the catalogue, which hold at any time. */
export function catalogueRule(
  state: RegionState,
  demand: Demand,
  resource: ResourceState,
): Rule | null {
  if (!resource.resource.active || isDemandInactive(state, demand)) return 'inactive';
  return capabilityRule(state, demand, resource);
}

/** Whether the resource could ever serve the demand, were it active. */
export function isCapable(state: RegionState, demand: Demand, resource: ResourceState): boolean {
  return !isDemandInactive(state, demand) && capabilityRule(state, demand, resource) === null;
}

function isDemandInactive(state: RegionState, { serviceType, location }: Demand): boolean {
  if (state.serviceTypes.get(serviceType)?.active === false) return true;
  return location?.kind === 'catalogue' && state.locations.get(location.id)?.active === false;
}

function capabilityRule(
  state: RegionState,
  { serviceType, location }: Demand,
  resource: ResourceState,
): Rule | null {
  if (!state.serviceTypes.has(serviceType)) return 'service_type';
  if (!resource.serviceTypes.has(serviceType)) return 'service_type';
  return locationRule(state, location, resource);
}

// Looking a service type up in the skills of each of a hundred resources costs more than all else.
function candidateRule(state: RegionState, demand: Demand, resource: ResourceState): Rule | null {
  if (!resource.resource.active || isDemandInactive(state, demand)) return 'inactive';
  if (!state.serviceTypes.has(demand.serviceType)) return 'service_type';
  return locationRule(state, demand.location, resource);
}

function locationRule(
  state: RegionState,
  location: Demand['location'],
  resource: ResourceState,
): Rule | null {
  if (location?.kind === 'free') return null;
  if (location === undefined) return resource.hasActiveLocation ? null : 'location';
  const serves = state.locations.has(location.id) && resource.locations.has(location.id);
  return serves ? null : 'location';
}

// Most resources asked are stopped; their verdicts are shared, not made.
const verdicts = new Map<Rule, Eligibility>();

function stoppedBy(rule: Rule): Eligibility {
  let verdict = verdicts.get(rule);
  if (verdict === undefined) verdicts.set(rule, (verdict = { rule, room: undefined }));
  return verdict;
}
