import { firstEndingAfter, mergeIntervals } from '../../domain/intervals.ts';
import type { Interval } from '../../domain/intervals.ts';
import { slotsOverlap } from '../../domain/slot.ts';
import type { PlacementRequest } from './demand.ts';
import { freeStarts } from './free-starts.ts';
import { candidates, place } from './place.ts';
import type { RegionState } from './region-state.ts';

export interface Alternative {
  start: number;
  end: number;
  resourceId: string;
}

const STEP_SECONDS = 15 * 60;
const MAX_ALTERNATIVES = 3;

// Most refused requests have a free start close by; only when it is rare do we look at all 7 days.
const RADII_SECONDS = [2 * 3_600, 86_400, 7 * 86_400];

/**
 * The nearest other starts, in steps of 15 minutes to both sides and within 7 days, at which the
 * request would be placed now; the later of two equally near ones first. None overlaps another:
 * a customer who cannot come at the first is not helped by the same time a little later.
 */
export function alternatives(
  state: RegionState,
  request: PlacementRequest,
  { now, limit = MAX_ALTERNATIVES }: { now: number; limit?: number },
): Alternative[] {
  return state.answer(`alternatives ${JSON.stringify([request, now, limit])}`, () => {
    let found: Alternative[] = [];
    for (const radiusSeconds of RADII_SECONDS) {
      found = within(state, request, { radiusSeconds, now, limit });
      if (found.length === limit) break;
    }
    return found;
  });
}

function within(
  state: RegionState,
  request: PlacementRequest,
  { radiusSeconds, now, limit }: { radiusSeconds: number; now: number; limit: number },
): Alternative[] {
  const { start, end } = request.slot;
  const earliest = Math.max(start - radiusSeconds, now);
  const free = freeOnAny(state, request, { start: earliest, end: start + radiusSeconds + 1 });
  const found: Alternative[] = [];
  for (let distance = STEP_SECONDS; distance <= radiusSeconds; distance += STEP_SECONDS) {
    for (const shift of [distance, -distance]) {
      if (!contains(free, start + shift)) continue;
      const slot = { start: start + shift, end: end + shift };
      if (found.some((other) => slotsOverlap(other, slot))) continue;
      const placement = place(state, { ...request, slot }, 0);
      if (placement.kind === 'placed') found.push({ ...slot, resourceId: placement.resourceId });
      if (found.length === limit) return found;
    }
  }
  return found;
}

function freeOnAny(state: RegionState, request: PlacementRequest, range: Interval): Interval[] {
  const demand = { ...request, durationSeconds: request.slot.end - request.slot.start };
  const free: Interval[] = [];
  for (const resource of candidates(state, request)) {
    free.push(...freeStarts(state, demand, { resource, range }));
  }
  return mergeIntervals(free);
}

function contains(set: readonly Interval[], instant: number): boolean {
  const interval = set[firstEndingAfter(set, instant)];
  return interval !== undefined && interval.start <= instant;
}
