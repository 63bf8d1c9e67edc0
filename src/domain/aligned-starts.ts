import type { Interval } from './intervals.ts';
import type { TimeZone } from './time-zone.ts';
import { DAY_SECONDS } from './wall-time.ts';

/**
 * The instants in [start, end) at which the zone's wall clock shows a whole number of steps since
 * local midnight. A wall time that a fold shows twice gives two instants, one in a gap none.
 */
export function alignedStarts(zone: TimeZone, stepSeconds: number, range: Interval): number[] {
  const starts: number[] = [];
  let at = range.start;
  while (at < range.end) {
    const stretch = zone.stretchAt(at);
    const end = Math.min(stretch.end, range.end);
    for (let wall = roundUp(at + stretch.offset, stepSeconds); wall < end + stretch.offset;) {
      starts.push(wall - stretch.offset);
      wall = roundUp(wall + 1, stepSeconds);
    }
    at = end;
  }
  return starts;
}

function roundUp(wall: number, stepSeconds: number): number {
  const midnight = Math.floor(wall / DAY_SECONDS) * DAY_SECONDS;
  const rounded = midnight + Math.ceil((wall - midnight) / stepSeconds) * stepSeconds;
  // Steps that do not divide the day begin again at the next midnight.
  return Math.min(rounded, midnight + DAY_SECONDS);
}
