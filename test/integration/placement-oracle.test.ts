import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { generateDay } from '../../bench/support/smptsp-family.ts';
import {
  applyMade,
  regionOfDay,
  shuffledTasks,
  workerId,
  type SmptspDay,
} from '../../bench/support/smptsp-fleet.ts';
import { makeRoomAtOnce } from '../../src/engine/placement/room-making/make-room.ts';
import { Random } from '../../src/engine/placement/room-making/random.ts';
import { countOfBinaries } from '../support/solver-model.ts';
import type { SolverBooking } from '../support/solver-model.ts';
import { SolverOracle } from '../support/solver-oracle.ts';

const DAYS = Number(process.env['ORACLE_DAYS'] ?? 4);
const MAX_BINARIES = 4_000;
const SOLVER_SECONDS = 60;
const mayMove = () => true;

const oracle = new SolverOracle();
after(() => oracle.close());

test('the solver knows the fewest moves, and what is impossible', async () => {
  const first = { start: 0, end: 10, lanes: [1, 2], lane: 1 };
  const second = { start: 5, end: 15, lanes: [1], lane: undefined };
  assert.deepEqual(await oracle.solve([first, second], 10), { kind: 'optimal', moves: 1 });
  const third = { start: 5, end: 7, lanes: [1], lane: undefined };
  assert.deepEqual(await oracle.solve([first, second, third], 10), { kind: 'infeasible' });
});

// More is asked for than the fleet can do: two days' work for some of the people of one.
function crowdedDay(seed: number): SmptspDay {
  const random = new Random(seed);
  const below = (bound: number) => random.below(bound);
  const family = { workers: 10, skills: 0.4, shortest: 90, longest: 300, utilisation: 0.92 };
  const day = generateDay(family, { name: `day-${seed}`, spare: 0, below });
  return { ...day, fleet: day.fleet.slice(0, 9) };
}

interface Question {
  bookings: SolverBooking[];
  /** Undefined: it was refused. */
  moves: number | undefined;
  certified: boolean;
}

function questionsOf(seed: number): Question[] {
  const day = crowdedDay(seed);
  const order = new Random(seed + 1_000);
  const state = regionOfDay(day);
  const booked = new Map<number, number>();
  const questions: Question[] = [];
  const qualified = (task: number) =>
    day.fleet.filter((worker) => day.qualifications[worker]?.includes(task));
  const asBooking = (task: number, lane: number | undefined): SolverBooking => {
    return { ...day.tasks[task]!, lanes: qualified(task), lane };
  };
  for (const task of shuffledTasks(day, (bound) => order.below(bound))) {
    const made = makeRoomAtOnce(state, task, { seed: task.index, mayMove });
    const ruled = made.placement.kind === 'refused' && made.placement.proof === 'rule';
    const isRefused = made.placement.kind === 'refused';
    if (!ruled && (isRefused || made.moves.length > 0)) {
      const others = [...booked].map(([other, lane]) => asBooking(other, lane));
      questions.push({
        bookings: [...others, asBooking(task.index, undefined)],
        moves: isRefused ? undefined : made.moves.length,
        certified: made.certificate !== undefined,
      });
    }
    applyMade(state, task, made);
    for (const { appointmentId, resourceId } of state.holds.values()) {
      const worker = day.fleet.find((one) => workerId(one) === resourceId);
      booked.set(Number(appointmentId), worker ?? assert.fail(resourceId));
    }
  }
  return questions;
}

test('no certificate is wrong, few refusals are, and moves are as few as can be', async (t) => {
  const questions = Array.from({ length: DAYS }, (_, index) => questionsOf(index + 1)).flat();
  const refused = { certified: 0, proven: 0, possible: 0 };
  const moves = { ours: 0, fewest: 0 };
  for (const { bookings, moves: ours, certified } of questions) {
    assert.ok(countOfBinaries(bookings) <= MAX_BINARIES);
    const proof = await oracle.solve(bookings, SOLVER_SECONDS);
    assert.notEqual(proof.kind, 'unproven');
    if (ours === undefined) {
      if (certified) assert.equal(proof.kind, 'infeasible');
      refused[certified ? 'certified' : proof.kind === 'infeasible' ? 'proven' : 'possible'] += 1;
    } else {
      assert.ok(proof.kind === 'optimal');
      moves.ours += ours;
      moves.fewest += proof.moves;
    }
  }
  t.diagnostic(JSON.stringify({ questions: questions.length, refused, moves }));
  assert.ok(refused.certified > 3 && moves.fewest > 10, 'the days asked enough');
  assert.ok(moves.ours <= moves.fewest * 1.05, JSON.stringify(moves));
  // A refusal by budget claims nothing, and yet is seldom wrong.
  assert.ok(refused.possible * 5 <= refused.certified + refused.proven, JSON.stringify(refused));
});
