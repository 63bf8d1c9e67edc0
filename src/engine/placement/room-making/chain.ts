import { NOWHERE, REQUEST } from './board.ts';
import type { Board } from './board.ts';

/** What `settle` answers when it found nothing; the board is then as it was. */
export const FAILED = Infinity;

const MAX_EJECTED = 2;
const NO_LANES = new Int32Array(0);

export interface ChainLimits {
  /** How many ejections may follow one another. */
  depth: number;
  /** By how many the bookings that are not where they were may grow in number. */
  moves: number;
}

/**
 * Ejection chains (Glover): a booking is put where others are in its way, at most two, and each of
 * those is put elsewhere in the same manner. A booking that is on its way is not ejected again.
 */
export class Chain {
  /** Bookings for which places were weighed up to now. */
  nodes = 0;
  readonly #board: Board;
  readonly #maxNodes: number;
  readonly #ones: Float64Array;
  readonly #locked: Uint8Array;
  /** Pairs of a booking and the lane it had, to be undone from the end. */
  readonly #trail: number[] = [];

  constructor(board: Board, maxNodes: number) {
    this.#board = board;
    this.#maxNodes = maxNodes;
    this.#ones = new Float64Array(board.size).fill(1);
    this.#locked = new Uint8Array(board.size);
  }

  /** Makes room with as few moves as it finds, up to the limits; one move is never overlooked. */
  makeRoom({ depth, moves }: ChainLimits): boolean {
    for (let allowed = 1; allowed <= moves; allowed += 1) {
      const limits = { depth: Math.min(depth, allowed), moves: allowed };
      // A single move is looked for to the end, whatever it costs.
      const maxNodes = allowed === 1 ? Infinity : this.#maxNodes;
      if (this.settle(REQUEST, limits, maxNodes) !== FAILED) return true;
    }
    return false;
  }

  /**
   * Puts a booking on a lane, with all whom that ejects. Answers how many more bookings are away
   * from where they were, or `FAILED`.
   */
  settle(booking: number, limits: ChainLimits, maxNodes: number): number {
    const mark = this.#trail.length;
    const stopAt = maxNodes === Infinity ? Infinity : this.nodes + maxNodes;
    const away = this.#settle(booking, limits, stopAt);
    if (away === FAILED) this.#undo(mark);
    else this.#trail.length = mark;
    return away;
  }

  /** As `settle`, onto a given lane. */
  settleOn(
    { booking, lane }: { booking: number; lane: number },
    limits: ChainLimits,
    maxNodes: number,
  ): number {
    const mark = this.#trail.length;
    const away = this.#eject({ booking, lane }, limits, this.nodes + maxNodes);
    if (away === FAILED) this.#undo(mark);
    else this.#trail.length = mark;
    return away;
  }

  #settle(booking: number, { depth, moves }: ChainLimits, stopAt: number): number {
    const { weight } = this.#board;
    const own = this.#board.home[booking]!;
    this.nodes += 1;
    if (own !== NOWHERE && this.#isFree(booking, own)) return this.#put(booking, own);
    const cost = booking === REQUEST ? 0 : 1;
    const lanes = cost > moves ? NO_LANES : this.#board.weigh(booking, this.#ones);
    for (const lane of lanes) {
      if (weight[lane] === 0) return this.#put(booking, lane);
    }
    if (depth === 0) return FAILED;
    const candidates = this.#byEjected(lanes, Math.min(MAX_EJECTED, moves - cost));
    // Where it was, only strangers are in its way: to eject them costs no move, or wins one.
    if (own !== NOWHERE) candidates.unshift(own);
    for (const lane of candidates) {
      if (this.nodes >= stopAt) return FAILED;
      const away = this.#eject({ booking, lane }, { depth, moves }, stopAt);
      if (away !== FAILED) return away;
    }
    return FAILED;
  }

  #isFree(booking: number, lane: number): boolean {
    return this.#board.inTheWay(booking, lane).length === 0;
  }

  /** Lanes on which one is in the way, then those with two; copied, as the weights are reused. */
  #byEjected(lanes: Int32Array, most: number): number[] {
    const { weight } = this.#board;
    const found: number[] = [];
    for (let count = 1; count <= most; count += 1) {
      for (const lane of lanes) if (weight[lane] === count) found.push(lane);
    }
    return found;
  }

  #eject(
    { booking, lane }: { booking: number; lane: number },
    { depth, moves }: ChainLimits,
    stopAt: number,
  ): number {
    const board = this.#board;
    const ejected = board.inTheWay(booking, lane);
    if (ejected.length > MAX_EJECTED) return FAILED;
    if (ejected.some((other) => this.#locked[other] === 1 || board.fixed[other] === 1))
      return FAILED;
    const mark = this.#trail.length;
    let away = this.#put(booking, lane);
    for (const other of ejected) away += this.#take(other);
    this.#locked[booking] = 1;
    for (const other of ejected) {
      away += this.#settle(other, { depth: depth - 1, moves: moves - away }, stopAt);
      if (away > moves) {
        away = FAILED;
        break;
      }
    }
    this.#locked[booking] = 0;
    if (away === FAILED) this.#undo(mark);
    return away;
  }

  /** Answers by how many the bookings that are away grow in number. */
  #put(booking: number, lane: number): number {
    this.#trail.push(booking, this.#board.lane[booking]!);
    this.#board.lane[booking] = lane;
    return booking !== REQUEST && this.#board.isAway(booking) ? 1 : 0;
  }

  #take(booking: number): number {
    const wasAway = booking !== REQUEST && this.#board.isAway(booking);
    this.#put(booking, NOWHERE);
    return wasAway ? -1 : 0;
  }

  #undo(mark: number): void {
    const trail = this.#trail;
    while (trail.length > mark) {
      const lane = trail.pop()!;
      this.#board.lane[trail.pop()!] = lane;
    }
  }
}
