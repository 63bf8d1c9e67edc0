import { compatibleByBuffers } from '../compatible.ts';
import type { PlacementRequest } from '../demand.ts';
import type { RegionState } from '../region-state.ts';
import type { Hold } from '../timeline.ts';
import { LaneBook } from './lane-book.ts';
import type { BookLane } from './lane-book.ts';

/** How far a search looks to both sides of the slot; what reaches beyond stays where it is. */
const WINDOW_SECONDS = 12 * 3_600;

/** Where travel counts, no two bookings need more than this between them. */
const MAX_TRAVEL_SECONDS = 4 * 3_600;

/** All that a search may touch: the lanes, and the bookings that could matter to the slot. */
export interface BoardWindow {
  book: LaneBook;
  /** In order of start, then id. */
  holds: { hold: Hold; lane: number }[];
  /** Bookings further apart than this are never in each other's way. */
  padSeconds: number;
  /** Buffers are the same everywhere, and nothing but buffers counts. */
  uniform: boolean;
  /** What crosses these instants may be in the way of something that the window leaves out. */
  from: number;
  to: number;
}

/**
 * The bookings that are connected with the slot by overlaps, buffers included, within half a day
 * to both sides. Times never change, so a booking that no chain of overlaps joins to the slot is
 * never in the way, wherever its neighbours go: usually the window is one working day.
 */
export function boardWindow(state: RegionState, { slot }: PlacementRequest): BoardWindow {
  const book = LaneBook.of(state);
  const { lanes } = book;
  const from = slot.start - WINDOW_SECONDS;
  const to = slot.end + WINDOW_SECONDS;
  const window = { start: from, end: to, bufferBefore: 0, bufferAfter: 0, serviceType: '' };
  const found = lanes.flatMap(({ timeline }, lane) =>
    timeline.conflicts(window, compatibleByBuffers).map((hold) => ({ hold, lane })),
  );
  found.sort((a, b) => byTime(a.hold, b.hold));
  const buffers = buffersOf(lanes, found);
  const byBuffers = state.compatible === compatibleByBuffers;
  const padSeconds = buffers.before + buffers.after + (byBuffers ? 0 : MAX_TRAVEL_SECONDS);
  const holds = connectedWith(slot, { found, padSeconds });
  return { book, holds, padSeconds, uniform: byBuffers && buffers.uniform, from, to };
}

function buffersOf(
  lanes: readonly BookLane[],
  found: readonly { hold: Hold }[],
): { before: number; after: number; uniform: boolean } {
  const first = lanes[0]?.resource.resource;
  const before = { least: first?.bufferBeforeSeconds ?? 0, most: 0 };
  const after = { least: first?.bufferAfterSeconds ?? 0, most: 0 };
  const note = (range: { least: number; most: number }, seconds: number) => {
    range.least = Math.min(range.least, seconds);
    range.most = Math.max(range.most, seconds);
  };
  for (const { resource } of lanes) {
    note(before, resource.resource.bufferBeforeSeconds);
    note(after, resource.resource.bufferAfterSeconds);
  }
  for (const { hold } of found) {
    note(before, hold.bufferBefore);
    note(after, hold.bufferAfter);
  }
  const uniform = before.least === before.most && after.least === after.most;
  return { before: before.most, after: after.most, uniform };
}

/** The run of overlapping bookings, `padSeconds` added to each, that the slot belongs to. */
function connectedWith<Found extends { hold: Hold }>(
  slot: { start: number; end: number },
  { found, padSeconds }: { found: readonly Found[]; padSeconds: number },
): Found[] {
  let first = 0;
  let runEnd = -Infinity;
  let hasSlot = false;
  for (let i = 0; ; i += 1) {
    const next = found[i]?.hold;
    if (!hasSlot && (next === undefined || next.start >= slot.start)) {
      if (slot.start >= runEnd + padSeconds) first = i;
      runEnd = Math.max(runEnd, slot.end);
      hasSlot = true;
    }
    if (next === undefined) return found.slice(first);
    if (next.start >= runEnd + padSeconds) {
      if (hasSlot) return found.slice(first, i);
      first = i;
    }
    runEnd = Math.max(runEnd, next.end);
  }
}

function byTime(a: Hold, b: Hold): number {
  return a.start - b.start || (a.appointmentId < b.appointmentId ? -1 : 1);
}
