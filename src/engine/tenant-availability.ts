import { regionsOf } from './hand-on.ts';
import {
  availability,
  type AvailabilityQuery,
  type AvailableSlot,
} from './placement/availability.ts';
import type { RegionState } from './placement/region-state.ts';

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
  const free = new Map<number, AvailableSlot>();
  for (const region of regionsAsked(here, query, any)) {
    const state = here.get(region);
    if (state === undefined) return undefined;
    for (const slot of availability(state, query).slots) {
      const known = free.get(slot.start);
      if (known === undefined) free.set(slot.start, { ...slot });
      else known.free += slot.free;
    }
  }
  const slots = [...free.values()].sort((a, b) => a.start - b.start);
  return slots.slice(0, query.limit);
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
