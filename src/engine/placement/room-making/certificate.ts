import { FIXED, REQUEST } from './board.ts';
import type { Board } from './board.ts';

/**
 * Why a request cannot be accepted, whatever is moved: at one instant more bookings, the request
 * among them, need a lane than there are lanes that could take them.
 */
export interface Certificate {
  /** Epoch seconds. */
  instant: number;
  /** The bookings that need a lane at the instant, the request not among them. */
  appointmentIds: string[];
  /** All lanes on which the request or one of them could be. */
  laneIds: number[];
}

/**
 * Looks for a set of bookings that violates Hall's condition (1935) at one instant of the request.
 * All that are booked have a lane each, so the request can have one at that instant exactly if an
 * alternating path leads from it to a lane that is free then; where none does, the bookings that
 * were reached are as many as the lanes that were.
 *
 * It is sufficient and not necessary: room at every instant is not yet room for whole slots.
 */
export function certificate(board: Board, baseSeconds: number): Certificate | undefined {
  const buffers = leastBuffers(board);
  const weights = new Float64Array(board.size).fill(1);
  for (const instant of crowdedInstants(board, buffers)) {
    const reached = deficient(board, { instant, buffers, weights });
    if (reached === undefined) continue;
    return {
      instant: baseSeconds + instant,
      appointmentIds: reached.bookings.flatMap((one) => board.holds[one]?.appointmentId ?? []),
      laneIds: reached.lanes.map((lane) => board.lanes[lane]!.laneId).sort((a, b) => a - b),
    };
  }
  return undefined;
}

interface Buffers {
  before: number;
  after: number;
}

/** What every booking occupies around its slot, on whichever lane it is. */
function leastBuffers(board: Board): Buffers {
  let before = Infinity;
  let after = Infinity;
  for (const { resource } of board.lanes) {
    before = Math.min(before, resource.resource.bufferBeforeSeconds);
    after = Math.min(after, resource.resource.bufferAfterSeconds);
  }
  for (const hold of board.holds) {
    if (hold === undefined) continue;
    before = Math.min(before, hold.bufferBefore);
    after = Math.min(after, hold.bufferAfter);
  }
  return { before, after };
}

/**
 * The starts during the request before which none of the bookings that are active ends: at any
 * other instant no more are active than at one of these.
 */
function crowdedInstants(board: Board, { before, after }: Buffers): number[] {
  const from = board.start[REQUEST]! - before;
  const to = board.end[REQUEST]! + after;
  const starts = [from];
  const ends = [to];
  for (const booking of board.neighbours(REQUEST)) {
    const start = board.start[booking]! - before;
    const end = board.end[booking]! + after;
    if (start > from && start < to) starts.push(start);
    if (end > from && end < to) ends.push(end);
  }
  starts.sort((a, b) => a - b);
  ends.sort((a, b) => a - b);
  let next = 0;
  return starts.filter((start, index) => {
    while (ends[next]! <= start) next += 1;
    const following = starts[index + 1] ?? Infinity;
    return following !== start && ends[next]! <= following;
  });
}

function deficient(
  board: Board,
  at: { instant: number; buffers: Buffers; weights: Float64Array },
): { bookings: number[]; lanes: number[] } | undefined {
  const holders = holdersAt(board, at);
  const bookings = [REQUEST];
  const lanes = new Set<number>();
  for (const booking of bookings) {
    for (const lane of board.weigh(booking, at.weights)) {
      if (lanes.has(lane)) continue;
      if (board.weight[lane]! >= FIXED && lane !== board.home[booking]) continue;
      const holder = holders.get(lane);
      if (holder === undefined) return undefined;
      lanes.add(lane);
      bookings.push(holder);
    }
  }
  return { bookings, lanes: [...lanes] };
}

/** The bookings that need a lane at the instant wherever they are, by the lane they have. */
function holdersAt(
  board: Board,
  { instant, buffers }: { instant: number; buffers: Buffers },
): Map<number, number> {
  const holders = new Map<number, number>();
  for (const booking of board.neighbours(REQUEST)) {
    if (board.start[booking]! - buffers.before > instant) continue;
    if (board.end[booking]! + buffers.after <= instant) continue;
    holders.set(board.home[booking]!, booking);
  }
  return holders;
}
