import type { Interval } from '../../domain/intervals.ts';
import { compatibleByBuffers } from './compatible.ts';
import type { Compatible, Occupation } from './compatible.ts';
import { earliestStart, latestStart } from './earliest-start.ts';

export type Pin = 'tentative' | 'movable' | 'notified' | 'pinned' | 'started';

export interface Hold extends Occupation {
  appointmentId: string;
  laneId: number;
  resourceId: string;
  pin: Pin;
  moves: number;
}

/**
 * The holds of one lane in order of time. Any two are apart by their buffers, which `insert`
 * enforces: the order of starts is then also the order of ends, and looking at the neighbours is
 * exact. Busy times, buffers included, stand in packed arrays of their own: buffers bind under any
 * `Compatible`, so most candidates are turned away without touching a hold.
 */
export class Timeline {
  readonly #busyStarts: number[] = [];
  readonly #busyEnds: number[] = [];
  readonly #holds: Hold[] = [];

  get size(): number {
    return this.#holds.length;
  }

  holds(): readonly Hold[] {
    return this.#holds;
  }

  /** Throws when the buffers overlap: memory and the database's guard would disagree. */
  insert(hold: Hold): void {
    const busyStart = hold.start - hold.bufferBefore;
    const index = this.#firstBusyAfter(busyStart);
    if (!this.#fitsAt(index, hold, compatibleByBuffers)) {
      throw new Error(`lane ${hold.laneId} is taken for appointment ${hold.appointmentId}`);
    }
    this.#busyStarts.splice(index, 0, busyStart);
    this.#busyEnds.splice(index, 0, hold.end + hold.bufferAfter);
    this.#holds.splice(index, 0, hold);
  }

  remove(hold: Hold): void {
    const index = this.#firstBusyAfter(hold.start - hold.bufferBefore) - 1;
    if (this.#holds[index]?.appointmentId !== hold.appointmentId) {
      throw new Error(`lane ${hold.laneId} does not hold appointment ${hold.appointmentId}`);
    }
    this.#busyStarts.splice(index, 1);
    this.#busyEnds.splice(index, 1);
    this.#holds.splice(index, 1);
  }

  /** The holds between which the candidate would come, whether it fits or not. */
  neighbours(candidate: Occupation): { before: Hold | undefined; after: Hold | undefined } {
    const index = this.#firstBusyAfter(candidate.start - candidate.bufferBefore);
    return { before: this.#holds[index - 1], after: this.#holds[index] };
  }

  fits(candidate: Occupation, compatible: Compatible): boolean {
    const index = this.#firstBusyAfter(candidate.start - candidate.bufferBefore);
    return this.#fitsAt(index, candidate, compatible);
  }

  /**
   * Seconds that stay idle on both sides of the candidate, up to its neighbours or the window's
   * ends; -1 when it does not fit.
   */
  idleAround(candidate: Occupation, window: Interval, compatible: Compatible): number {
    const busyStart = candidate.start - candidate.bufferBefore;
    const index = this.#firstBusyAfter(busyStart);
    if (!this.#fitsAt(index, candidate, compatible)) return -1;
    const from = Math.max(window.start, this.#busyEndBefore(index));
    const to = Math.min(window.end, this.#busyStarts[index] ?? Infinity);
    const idleAfter = to - candidate.end - candidate.bufferAfter;
    return Math.max(0, busyStart - from) + Math.max(0, idleAfter);
  }

  /** The holds that keep the candidate out, in order of time. */
  conflicts(candidate: Occupation, compatible: Compatible): Hold[] {
    const index = this.#firstBusyAfter(candidate.start - candidate.bufferBefore);
    const earlier: Hold[] = [];
    for (let i = index - 1; i >= 0; i -= 1) {
      const hold = this.#holds[i];
      if (hold === undefined || compatible(hold, candidate)) break;
      earlier.push(hold);
    }
    const found = earlier.reverse();
    for (let i = index; i < this.#holds.length; i += 1) {
      const hold = this.#holds[i];
      if (hold === undefined || compatible(candidate, hold)) break;
      found.push(hold);
    }
    return found;
  }

  /** The starts in [range.start, range.end) at which an occupation like the candidate fits. */
  freeStarts(candidate: Occupation, range: Interval, compatible: Compatible): Interval[] {
    const free: Interval[] = [];
    let index = this.#firstBusyAfter(range.start - candidate.bufferBefore);
    for (;;) {
      const gap = this.#startsInGap(index, candidate, compatible);
      const start = Math.max(range.start, gap.start);
      const end = Math.min(range.end, gap.end);
      if (start < end) free.push({ start, end });
      if ((this.#busyStarts[index] ?? Infinity) >= range.end) return free;
      index += 1;
    }
  }

  #startsInGap(index: number, candidate: Occupation, compatible: Compatible): Interval {
    const seconds = candidate.end - candidate.start;
    const busyEnd = this.#busyEndBefore(index);
    const busyStart = this.#busyStarts[index] ?? Infinity;
    const start = busyEnd + candidate.bufferBefore;
    const end = busyStart - candidate.bufferAfter - seconds + 1;
    if (compatible === compatibleByBuffers || start >= end) return { start, end };
    const before = this.#holds[index - 1];
    const after = this.#holds[index];
    return {
      start: before === undefined ? start : earliestStart(before, candidate, compatible),
      end: after === undefined ? end : latestStart(candidate, after, compatible) + 1,
    };
  }

  #fitsAt(index: number, candidate: Occupation, compatible: Compatible): boolean {
    const busyStart = candidate.start - candidate.bufferBefore;
    if (this.#busyEndBefore(index) > busyStart) return false;
    if ((this.#busyStarts[index] ?? Infinity) < candidate.end + candidate.bufferAfter) return false;
    if (compatible === compatibleByBuffers) return true;
    const before = this.#holds[index - 1];
    if (before !== undefined && !compatible(before, candidate)) return false;
    const after = this.#holds[index];
    return after === undefined || compatible(candidate, after);
  }

  #busyEndBefore(index: number): number {
    // Reading an array at -1 is many times slower than not reading it.
    return index === 0 ? -Infinity : (this.#busyEnds[index - 1] ?? -Infinity);
  }

  #firstBusyAfter(instant: number): number {
    const busyStarts = this.#busyStarts;
    let low = 0;
    let high = busyStarts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((busyStarts[middle] ?? Infinity) <= instant) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
