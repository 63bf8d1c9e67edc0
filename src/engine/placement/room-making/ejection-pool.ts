import { FIXED, NOWHERE, REQUEST } from './board.ts';
import type { Board } from './board.ts';
import type { Random } from './random.ts';

const WEIGHT = 100;
const PENALTY = 3;
const NOISE = 16;

/**
 * The ejection pool of Nagata and Bräysy (2009), who used it to empty one more vehicle: the booking
 * that came last into the pool is put where those in its way weigh least, they go into the pool in
 * its stead, and a booking for which there was no free place becomes heavier, so that those that
 * are hard to place are ejected less and less.
 *
 * Penalties are small against the weights, or the search soon ejects as if at random. Weights
 * start with how long a booking lasts, as many short ones are easier to put elsewhere than one long
 * one: it saves moves. Exponents from a quarter to a half were equally good; square roots are exact
 * on every machine.
 */
export class EjectionPool {
  iterations = 0;
  readonly #board: Board;
  readonly #random: Random;
  readonly #restless: boolean;
  readonly #pool: number[] = [REQUEST];
  readonly #weights: Float64Array;

  /** `restless`: now and then a booking goes anywhere, which ends circles on small boards. */
  constructor(board: Board, random: Random, restless: boolean) {
    this.#restless = restless;
    this.#board = board;
    this.#random = random;
    this.#weights = new Float64Array(board.size);
    const usual = Math.sqrt(Math.sqrt(meanSeconds(board)));
    for (let booking = 0; booking < board.size; booking += 1) {
      const seconds = board.end[booking]! - board.start[booking]!;
      this.#weights[booking] = Math.round((WEIGHT * Math.sqrt(Math.sqrt(seconds))) / usual);
    }
  }

  /** Goes on for so many iterations at most; whether everything has a lane. */
  run(iterations: number): boolean {
    const last = this.iterations + iterations;
    while (this.iterations < last) {
      const booking = this.#pool.pop();
      if (booking === undefined) return true;
      this.iterations += 1;
      this.#insert(booking);
    }
    return this.#pool.length === 0;
  }

  #insert(booking: number): void {
    const board = this.#board;
    const lane = this.#lightestLane(booking);
    if (lane === NOWHERE) {
      this.#pool.unshift(booking);
      return;
    }
    if (board.weight[lane]! > 0) {
      for (const other of board.inTheWay(booking, lane)) {
        board.lane[other] = NOWHERE;
        this.#pool.push(other);
      }
      this.#weights[booking]! += PENALTY;
    }
    board.lane[booking] = lane;
  }

  /** Of equals any, but the one where it was comes first. */
  #lightestLane(booking: number): number {
    const { weight, home } = this.#board;
    const lanes = this.#board.weigh(booking, this.#weights);
    if (this.#restless && this.#random.below(NOISE) === 0) {
      const any = lanes[this.#random.below(lanes.length)];
      return any !== undefined && weight[any]! < FIXED ? any : NOWHERE;
    }
    const own = home[booking]!;
    let lightest = NOWHERE;
    let least = FIXED;
    let ties = 0;
    for (let i = 0; i < lanes.length; i += 1) {
      const lane = lanes[i]!;
      const here = weight[lane]!;
      if (here > least) continue;
      if (here < least) {
        least = here;
        lightest = lane;
        ties = 1;
      } else {
        ties += 1;
        if (this.#random.below(ties) === 0) lightest = lane;
      }
      if (here === 0 && lane === own) return own;
    }
    return least < FIXED ? lightest : NOWHERE;
  }
}

function meanSeconds(board: Board): number {
  let sum = 0;
  for (let booking = 0; booking < board.size; booking += 1) {
    sum += board.end[booking]! - board.start[booking]!;
  }
  return sum / board.size;
}
