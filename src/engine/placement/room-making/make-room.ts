import type { PlacementRequest } from '../demand.ts';
import { place } from '../place.ts';
import type { Placement, Refused } from '../place.ts';
import type { RegionState } from '../region-state.ts';
import type { Hold } from '../timeline.ts';
import { Board, REQUEST } from './board.ts';
import { certificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { Chain } from './chain.ts';
import { EjectionPool } from './ejection-pool.ts';
import { moveBack } from './move-back.ts';
import type { MovePolicy } from './move-policy.ts';
import { Random } from './random.ts';

/** All that a search may cost, in steps and never in time: a decision must come out again. */
export interface Budget {
  /** Moves of the longest ejection chain; 0: no booking is moved. */
  chainMoves: number;
  /** Ejections that may follow one another in a chain. */
  chainDepth: number;
  /** Bookings weighed for each further move that a chain may have. */
  chainNodes: number;
  /** Insertions of the ejection pool; 0: chains only. */
  poolIterations: number;
}

export const fullBudget: Budget = {
  chainMoves: 3,
  chainDepth: 3,
  chainNodes: 500,
  poolIterations: 60_000,
};

/** A booking that goes to another lane; its times stay. `taken` replaces `freed`. */
export interface Move {
  freed: Hold;
  taken: Hold;
}

export interface RoomMade {
  placement: Placement;
  /** To be committed with the booking, all or none; in order of start. */
  moves: readonly Move[];
  /** Why it is impossible, with a refusal whose proof is `clique`. */
  certificate?: Certificate;
  /** What the search took. */
  effort: Effort;
}

export interface Effort {
  /** How often the lanes for a booking were weighed, in all stages: a microsecond or two each. */
  weighings: number;
  /** Insertions of the ejection pool. */
  iterations: number;
}

const NO_MOVES: readonly Move[] = [];
const NO_EFFORT = { weighings: 0, iterations: 0 };
const SLICE = 250;

// A small board can afford several attempts: one may get stuck, and one may need fewer moves.
const SMALL_BOARD = 200;
const SMALL_BOARD_ATTEMPTS = 6;

interface Options {
  seed: number;
  mayMove: MovePolicy;
  budget?: Budget;
}

/**
 * Places the request; where no resource has room, moves bookings to others that could serve them
 * just as well. A pure function of (state, request, options) that changes nothing. It yields after
 * every millisecond or so of work, so that a caller may attend to other things meanwhile; what it
 * found is true of the state as it was at the first step.
 *
 * Direct placement, then a certificate that it is impossible, then ejection chains with few moves,
 * then the ejection pool, after which bookings return to where they were as far as they can.
 */
export function* makeRoom(
  state: RegionState,
  request: PlacementRequest,
  { seed, mayMove, budget = fullBudget }: Options,
): Generator<void, RoomMade, void> {
  const placement = place(state, request, seed);
  if (placement.kind === 'placed' || placement.proof === 'rule' || budget.chainMoves === 0) {
    return { placement, moves: NO_MOVES, effort: NO_EFFORT };
  }
  const board = new Board(state, request, mayMove);
  const proof = certificate(board, request.slot.start);
  if (proof !== undefined) {
    const refused: Refused = { ...placement, proof: 'clique' };
    return { placement: refused, moves: NO_MOVES, certificate: proof, effort: NO_EFFORT };
  }
  yield;
  return yield* search(board, placement, { seed, budget });
}

/** As `makeRoom`, in one go. */
export function makeRoomAtOnce(
  state: RegionState,
  request: PlacementRequest,
  options: Options,
): RoomMade {
  const steps = makeRoom(state, request, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

function* search(
  board: Board,
  refused: Refused,
  { seed, budget }: { seed: number; budget: Budget },
): Generator<void, RoomMade, void> {
  const chain = new Chain(board, budget.chainNodes);
  const limits = { depth: budget.chainDepth, moves: budget.chainMoves };
  if (chain.makeRoom(limits)) return made(board, 0);
  const random = new Random(seed);
  const attempts = board.size <= SMALL_BOARD ? SMALL_BOARD_ATTEMPTS : 1;
  const each = Math.ceil(budget.poolIterations / attempts);
  let best: { lanes: Int32Array; moves: number } | undefined;
  let iterations = 0;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    board.reset();
    const pool = new EjectionPool(board, random, attempt > 0);
    const hasRoom = yield* emptied(pool, each);
    iterations += pool.iterations;
    if (!hasRoom) continue;
    const moves = yield* moveBack(board);
    if (best === undefined || moves < best.moves) best = { lanes: board.lane.slice(), moves };
  }
  if (best === undefined) {
    const effort = { weighings: board.weighings, iterations };
    return { placement: refused, moves: NO_MOVES, effort };
  }
  board.lane.set(best.lanes);
  return made(board, iterations);
}

function* emptied(pool: EjectionPool, iterations: number): Generator<void, boolean, void> {
  while (pool.iterations < iterations) {
    if (pool.run(Math.min(SLICE, iterations - pool.iterations))) return true;
    yield;
  }
  return false;
}

function made(board: Board, iterations: number): RoomMade {
  const { laneId, resource } = board.lanes[board.lane[REQUEST]!]!;
  const { id, bufferBeforeSeconds, bufferAfterSeconds } = resource.resource;
  return {
    placement: {
      kind: 'placed',
      resourceId: id,
      laneId,
      bufferBefore: bufferBeforeSeconds,
      bufferAfter: bufferAfterSeconds,
    },
    moves: movesOn(board),
    effort: { weighings: board.weighings, iterations },
  };
}

function movesOn(board: Board): Move[] {
  const moves: Move[] = [];
  board.holds.forEach((freed, booking) => {
    if (freed === undefined || !board.isAway(booking)) return;
    const lane = board.lane[booking]!;
    const { laneId, resource } = board.lanes[lane]!;
    const { before, after } = board.buffersOn(booking, lane);
    const place = { laneId, resourceId: resource.id, bufferBefore: before, bufferAfter: after };
    moves.push({ freed, taken: { ...freed, ...place, moves: freed.moves + 1 } });
  });
  return moves;
}
