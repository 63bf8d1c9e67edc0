import { alignedStarts } from '../../domain/aligned-starts.ts';
import type { AvailableSlot } from '../../domain/available-slot.ts';
import type { Interval } from '../../domain/intervals.ts';
import { timeZone } from '../../domain/time-zone.ts';
import type { TimeZone } from '../../domain/time-zone.ts';
import type { Demand } from './demand.ts';
import { freeStarts, isStartFree } from './free-starts.ts';
import { candidates } from './place.ts';
import type { RegionState } from './region-state.ts';

export interface AvailabilityQuery extends Demand {
  /** Epoch seconds; slots start no earlier than `from` and `now`, and end no later than `to`. */
  from: number;
  to: number;
  now: number;
  durationSeconds: number;
  stepSeconds: number;
  limit: number;
}

const CHUNK_SECONDS = 7 * 86_400;

/**
 * The slots that `place` would accept as the region is now, in order of time. Starts are aligned
 * to the wall clock of the location, or to UTC without one.
 */
export function availability(
  state: RegionState,
  query: AvailabilityQuery,
): { slots: AvailableSlot[] } {
  const slots: AvailableSlot[] = [];
  const end = query.to - query.durationSeconds + 1;
  let start = Math.max(query.from, query.now);
  // In pieces, because the limit is often reached long before the range ends.
  while (start < end && slots.length < query.limit) {
    const chunk = { start, end: Math.min(start + CHUNK_SECONDS, end) };
    collect(state, query, { chunk, slots });
    start = chunk.end;
  }
  return { slots };
}

function collect(
  state: RegionState,
  query: AvailabilityQuery,
  { chunk, slots }: { chunk: Interval; slots: AvailableSlot[] },
): void {
  const starts = alignedStarts(zoneOf(state, query), query.stepSeconds, chunk);
  const free = countFree(state, query, { chunk, starts });
  for (const [index, start] of starts.entries()) {
    const count = free[index] ?? 0;
    if (count === 0) continue;
    if (slots.length === query.limit) return;
    slots.push({ start, end: start + query.durationSeconds, free: count });
  }
}

function countFree(
  state: RegionState,
  query: AvailabilityQuery,
  { chunk, starts }: { chunk: Interval; starts: number[] },
): Int32Array {
  const free = new Int32Array(starts.length);
  for (const resource of candidates(state, query)) {
    let index = 0;
    for (const interval of freeStarts(state, query, { resource, range: chunk })) {
      for (; index < starts.length; index += 1) {
        const start = starts[index];
        if (start === undefined || start >= interval.end) break;
        if (start < interval.start || !isStartFree(state, query, { resource, start })) continue;
        free[index] = (free[index] ?? 0) + 1;
      }
    }
  }
  return free;
}

function zoneOf(state: RegionState, { location }: Demand): TimeZone {
  const known = location?.kind === 'catalogue' ? state.locations.get(location.id) : undefined;
  return timeZone(known?.timeZone ?? 'UTC');
}
