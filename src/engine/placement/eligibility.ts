// The one place that says whether a resource can take a request. Accepting, availability and the
// explanation of a refusal all ask here, and so cannot disagree.

import { firstOverlap } from '../../domain/intervals.ts';
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
  const rule = catalogueRule(state, request, resource);
  if (rule !== null) return stoppedBy(rule);
  const { slot } = request;
  const opening = resource.calendar.openingAround(slot);
  if (opening === undefined) {
    return stoppedBy(resource.calendar.isWithinHours(slot) ? 'break' : 'hours');
  }
  if (firstOverlap(resource.absent, slot) !== undefined) return stoppedBy('absence');
  if (firstOverlap(resource.calendarBusy, slot) !== undefined) return stoppedBy('calendar');
  const occupation = resource.occupation(request, slot);
  const room = findRoom(resource, occupation, { opening, compatible: state.compatible });
  if (room !== undefined) return { rule: null, room };
  return stoppedBy(hasRoomByBuffers(resource, occupation, opening) ? 'travel' : 'capacity');
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
