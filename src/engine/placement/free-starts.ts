import { intersectIntervals, mergeIntervals, subtractIntervals } from '../../domain/intervals.ts';
import type { Interval } from '../../domain/intervals.ts';
import { FIRST_INSTANT, LAST_INSTANT } from '../../domain/slot.ts';
import type { Demand } from './demand.ts';
import { catalogueRule, explain } from './eligibility.ts';
import type { RegionState } from './region-state.ts';
import type { ResourceState } from './resource-state.ts';

export interface TimedDemand extends Demand {
  durationSeconds: number;
}

/**
 * The starts in [range.start, range.end) at which the resource can take the demand directly: what
 * `explain` would say null to, found from the gaps instead of start by start.
 */
export function freeStarts(
  state: RegionState,
  demand: TimedDemand,
  { resource, range }: { resource: ResourceState; range: Interval },
): Interval[] {
  if (catalogueRule(state, demand, resource) !== null) return [];
  const { durationSeconds } = demand;
  const { bufferBeforeSeconds, bufferAfterSeconds } = resource.resource;
  const start = Math.max(range.start, FIRST_INSTANT + bufferBeforeSeconds);
  const end = Math.min(range.end, LAST_INSTANT - durationSeconds - bufferAfterSeconds + 1);
  if (start >= end) return [];
  const open = openStarts(resource, { start, end }, durationSeconds);
  if (open.length === 0) return open;
  const candidate = resource.occupation(demand, { start, end: start + durationSeconds });
  const free: Interval[] = [];
  for (let i = 0; i < resource.openLanes; i += 1) {
    const lane = resource.lanes[i];
    if (lane === undefined) continue;
    free.push(...lane.freeStarts(candidate, { start, end }, state.compatible));
  }
  return intersectIntervals(open, resource.openLanes > 1 ? mergeIntervals(free) : free);
}

/**
 * Whether a start from `freeStarts` holds. Only where bookings stay on retired lanes can one of
 * them fail: there the lanes do not tell alone.
 */
export function isStartFree(
  state: RegionState,
  demand: TimedDemand,
  { resource, start }: { resource: ResourceState; start: number },
): boolean {
  if (!resource.isOverCapacity) return true;
  const slot = { start, end: start + demand.durationSeconds };
  return explain(state, { ...demand, slot }, resource) === null;
}

function openStarts(resource: ResourceState, range: Interval, durationSeconds: number): Interval[] {
  const open = resource.calendar.openIntervals(range.start, range.end - 1 + durationSeconds);
  const present = subtractIntervals(open, resource.absent);
  const starts: Interval[] = [];
  for (const { start, end } of subtractIntervals(present, resource.calendarBusy)) {
    const after = end - durationSeconds + 1;
    if (start < after) starts.push({ start, end: after });
  }
  return starts;
}
