import { NOWHERE, REQUEST } from './board.ts';
import type { Board } from './board.ts';
import { Chain, FAILED } from './chain.ts';

const MAX_PASSES = 20;
const DEPTH = 3;
const NODES = 24;
const MAX_WEIGHINGS = 6_000;

/**
 * Lets bookings return to where they were before the search, one after the other, until no more
 * can: those in the way are put elsewhere by a chain, if fewer are away afterwards than before.
 * Answers how many are still away. It works in turns, so that a caller may pause between them.
 */
export function* moveBack(board: Board): Generator<void, number, void> {
  const chain = new Chain(board, NODES);
  const last = board.weighings + MAX_WEIGHINGS;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    let returned = 0;
    for (const booking of awayFrom(board)) {
      if (!board.isAway(booking) || board.weighings >= last) continue;
      if (returnHome(board, chain, booking)) returned += 1;
      yield;
    }
    if (returned === 0) break;
  }
  return awayFrom(board).length;
}

function returnHome(board: Board, chain: Chain, booking: number): boolean {
  const lane = board.home[booking]!;
  const was = board.lane[booking]!;
  board.lane[booking] = NOWHERE;
  const away = chain.settleOn({ booking, lane }, { depth: DEPTH, moves: 0 }, NODES);
  if (away !== FAILED) return true;
  board.lane[booking] = was;
  return false;
}

function awayFrom(board: Board): number[] {
  const found: number[] = [];
  for (let booking = REQUEST + 1; booking < board.size; booking += 1) {
    if (board.isAway(booking)) found.push(booking);
  }
  return found;
}
