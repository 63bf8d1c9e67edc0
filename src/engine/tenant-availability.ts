import { mergeAvailableSlots, type AvailableSlot } from '../domain/available-slot.ts';
import { regionsOf } from './hand-on.ts';
import { availability, type AvailabilityQuery } from './placement/availability.ts';
import type { RegionState } from './placement/region-state.ts';

/** Decides about what all regions of a tenant know. */
const sharedRegion = 'default';

/** Whether nothing about the tenant is decided elsewhere. */
export function isWholeTenant(here: ReadonlyMap<string, RegionState>): boolean {
  const shared = here.get(sharedRegion);
  return shared !== undefined && regionsOf(shared).every((region) => here.has(region));
}

/**
 * The slots of all regions that could take the request, or undefined where one of them is not
 * here: what is left out would look taken, and what it says about the rest would be half an answer.
 */
export function tenantAvailability(
  here: ReadonlyMap<string, RegionState>,
  query: AvailabilityQuery,
): AvailableSlot[] | undefined {
  const [any] = here.values();
  if (any === undefined) return undefined;
  const found: AvailableSlot[][] = [];
  for (const region of regionsAsked(here, query, any)) {
    const state = here.get(region);
    if (state === undefined) return undefined;
    found.push(availability(state, query).slots);
  }
  return mergeAvailableSlots(found, query.limit);
}

// Service types and locations are the same in every region of the tenant.
function regionsAsked(
  here: ReadonlyMap<string, RegionState>,
  { location, resourceId }: AvailabilityQuery,
  any: RegionState,
): string[] {
  if (location?.kind === 'catalogue') {
    const region = any.locations.get(location.id)?.region;
    return region === undefined ? [] : [region];
  }
  if (resourceId !== undefined) {
    for (const [region, state] of here) if (state.resources.has(resourceId)) return [region];
  }
  return regionsOf(any);
}
