import { compatibleByBuffers } from '../compatible.ts';
import type { Compatible, Occupation } from '../compatible.ts';
import type { PlacementRequest } from '../demand.ts';
import type { RegionState } from '../region-state.ts';
import type { Hold } from '../timeline.ts';
import { boardWindow } from './board-window.ts';
import { requestOf } from './lane-book.ts';
import type { BookLane, LaneBook } from './lane-book.ts';
import type { MovePolicy } from './move-policy.ts';

/** Lane of a booking that is taken off the board and not yet put back. */
export const NOWHERE = -1;

/** The request's number on the board; the bookings follow in order of start. */
export const REQUEST = 0;

/** More than any weights on one lane add up to: a booking there stays where it is. */
export const FIXED = 1e12;

/**
 * A copy of the neighbourhood of a request, in numbers, on which a search moves bookings about
 * while the region stays as it is. Typed arrays are read with `!`: every index is the board's own.
 *
 * A search asks one question over and over: what is in the way of this booking, on each lane that
 * could serve it? `weigh` answers for all lanes at once, by one pass over the bookings that overlap
 * it in time; asking lane by lane is several times slower.
 */
export class Board {
  readonly lanes: readonly BookLane[];
  /** Undefined for the request. */
  readonly holds: readonly (Hold | undefined)[];
  readonly size: number;
  /** Where each booking is, and where it was when the search began. */
  readonly lane: Int32Array;
  readonly home: Int32Array;
  /** Bookings that stay where they are. */
  readonly fixed: Uint8Array;
  /** What `weigh` found, by lane; only for the lanes it returned. */
  readonly weight: Float64Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Where neighbours are collected before their number is known. */
  readonly #found: Int32Array;
  readonly #base: number;
  readonly #uniform: boolean;
  readonly #padSeconds: number;
  readonly #compatible: Compatible;
  readonly #book: LaneBook;
  readonly #request: PlacementRequest;
  /** Lanes that take no bookings: their resource is over its capacity, a free lane not enough. */
  readonly #closed: ReadonlySet<number>;
  readonly #neighbours: (Int32Array | undefined)[];
  readonly #serving: (Int32Array | undefined)[];
  /** How often `weigh` was asked: what a search costs, on any machine. */
  weighings = 0;
  #longest = 0;

  constructor(state: RegionState, request: PlacementRequest, mayMove: MovePolicy) {
    const window = boardWindow(state, request);
    this.lanes = window.book.lanes;
    this.size = window.holds.length + 1;
    this.holds = [undefined, ...window.holds.map(({ hold }) => hold)];
    this.lane = new Int32Array(this.size).fill(NOWHERE);
    this.fixed = new Uint8Array(this.size);
    this.start = new Int32Array(this.size);
    this.#found = new Int32Array(this.size);
    this.end = new Int32Array(this.size);
    this.weight = new Float64Array(this.lanes.length);
    this.#base = request.slot.start;
    this.#uniform = window.uniform;
    this.#padSeconds = window.padSeconds;
    this.#compatible = state.compatible;
    this.#book = window.book;
    this.#closed = closedLanes(this.lanes);
    this.#request = request;
    this.#neighbours = new Array<undefined>(this.size);
    this.#serving = new Array<undefined>(this.size);
    this.#note(REQUEST, request.slot);
    window.holds.forEach(({ hold, lane }, index) => {
      this.#note(index + 1, hold);
      this.lane[index + 1] = lane;
      const inside =
        hold.start - window.padSeconds >= window.from && hold.end + window.padSeconds <= window.to;
      this.fixed[index + 1] = inside && mayMove(hold) ? 0 : 1;
    });
    this.home = this.lane.slice();
  }

  /**
   * Sums up, for each lane that could serve the booking, the weights of those in its way there;
   * `FIXED` and more where one of them must stay. Answers those lanes.
   */
  weigh(booking: number, weights: Float64Array): Int32Array {
    this.weighings += 1;
    const lanes = this.serving(booking);
    const { weight, lane, fixed } = this;
    for (let i = 0; i < lanes.length; i += 1) weight[lanes[i]!] = 0;
    const neighbours = this.neighbours(booking);
    for (let i = 0; i < neighbours.length; i += 1) {
      const other = neighbours[i]!;
      const on = lane[other]!;
      if (on < 0) continue;
      if (!this.#uniform && !this.#clash(booking, other, on)) continue;
      weight[on]! += fixed[other] === 0 ? weights[other]! : FIXED;
    }
    return lanes;
  }

  /** The bookings in the way of this one on a lane, in order of start. */
  inTheWay(booking: number, lane: number): number[] {
    const found: number[] = [];
    for (const other of this.neighbours(booking)) {
      if (this.lane[other] !== lane) continue;
      if (this.#uniform || this.#clash(booking, other, lane)) found.push(other);
    }
    return found;
  }

  /** Puts every booking back where it was. */
  reset(): void {
    this.lane.set(this.home);
  }

  /** Whether the booking has left the lane where it was. */
  isAway(booking: number): boolean {
    return this.lane[booking] !== this.home[booking];
  }

  /** The lanes that could serve the booking if nothing else were booked, in order of resource. */
  serving(booking: number): Int32Array {
    return (this.#serving[booking] ??= this.#lanesFor(booking));
  }

  /** The bookings that could be in the way of this one if they were on the same lane. */
  neighbours(booking: number): Int32Array {
    return (this.#neighbours[booking] ??= this.#overlapping(booking));
  }

  /** Seconds before and after its slot that a booking occupies on a lane. */
  buffersOn(booking: number, lane: number): { before: number; after: number } {
    const hold = this.holds[booking];
    // A booking keeps the buffers it was made with for as long as it stays.
    if (hold !== undefined && lane === this.home[booking]) {
      return { before: hold.bufferBefore, after: hold.bufferAfter };
    }
    const { bufferBeforeSeconds, bufferAfterSeconds } = this.lanes[lane]!.resource.resource;
    return { before: bufferBeforeSeconds, after: bufferAfterSeconds };
  }

  #note(booking: number, { start, end }: { start: number; end: number }): void {
    this.start[booking] = start - this.#base;
    this.end[booking] = end - this.#base;
    this.#longest = Math.max(this.#longest, end - start);
  }

  #clash(one: number, other: number, lane: number): boolean {
    const isFirst = this.start[one]! < this.start[other]!;
    const before = this.#occupation(isFirst ? one : other, lane);
    const after = this.#occupation(isFirst ? other : one, lane);
    return !compatibleByBuffers(before, after) || !this.#compatible(before, after);
  }

  #occupation(booking: number, lane: number): Occupation {
    const { before, after } = this.buffersOn(booking, lane);
    const hold = this.holds[booking];
    const { serviceType, location } = hold === undefined ? this.#request : requestOf(hold);
    return {
      start: this.start[booking]!,
      end: this.end[booking]!,
      bufferBefore: before,
      bufferAfter: after,
      serviceType,
      location: location?.kind === 'catalogue' ? location.id : undefined,
    };
  }

  #lanesFor(booking: number): Int32Array {
    const hold = this.holds[booking];
    const lanes =
      hold === undefined ? this.#book.lanesFor(this.#request) : this.#book.lanesForHold(hold);
    return this.#closed.size === 0 ? lanes : lanes.filter((lane) => !this.#closed.has(lane));
  }

  #overlapping(booking: number): Int32Array {
    const from = this.start[booking]! - this.#padSeconds;
    const to = this.end[booking]! + this.#padSeconds;
    const found = this.#found;
    let count = 0;
    if (booking !== REQUEST && this.start[REQUEST]! < to && this.end[REQUEST]! > from) {
      found[count++] = REQUEST;
    }
    for (let other = this.#firstStarting(from - this.#longest); other < this.size; other += 1) {
      if (this.start[other]! >= to) break;
      if (this.end[other]! > from && other !== booking) found[count++] = other;
    }
    return found.slice(0, count);
  }

  #firstStarting(instant: number): number {
    let low = 1;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.start[middle]! < instant) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function closedLanes(lanes: readonly BookLane[]): Set<number> {
  const closed = new Set<number>();
  lanes.forEach(({ resource }, lane) => {
    if (resource.isOverCapacity) closed.add(lane);
  });
  return closed;
}
