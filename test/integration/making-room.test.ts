import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { fullBudget, makeRoomAtOnce } from '../../src/engine/placement/room-making/make-room.ts';
import { place } from '../../src/engine/placement/place.ts';
import { roomDigest } from '../support/room-digest.ts';
import {
  fewestMoves,
  fitsWithOneMove,
  wrongAfter,
  wrongCertificate,
} from '../support/small-world-check.ts';
import { regionOfWorld, requestOfWorld, smallWorld, worldAfter } from '../support/small-world.ts';

const WORLDS = Number(process.env['PLACEMENT_WORLDS'] ?? 600);
const mayMove = ({ pin }: { pin: string }) => pin === 'movable';

function decided(seed: number) {
  const world = smallWorld(seed);
  const state = regionOfWorld(world);
  const made = makeRoomAtOnce(state, requestOfWorld(world), { seed, mayMove });
  return { world, state, made };
}

const all = Array.from({ length: WORLDS }, (_, index) => ({
  seed: index + 1,
  ...decided(index + 1),
}));

test('what fits directly is placed as it is without a search', () => {
  for (const { seed, world, state, made } of all) {
    const direct = place(state, requestOfWorld(world), seed);
    if (direct.kind === 'refused') continue;
    assert.deepEqual(made.placement, direct);
    assert.equal(made.moves.length, 0);
  }
});

test('every booking that fits with at most one move is accepted', () => {
  let fitting = 0;
  for (const { seed, world, made } of all) {
    if (!fitsWithOneMove(world)) continue;
    fitting += made.moves.length;
    assert.equal(made.placement.kind, 'placed', `world ${seed}`);
    assert.ok(made.moves.length <= 1, `world ${seed}`);
  }
  assert.ok(fitting > WORLDS / 20, `only ${fitting} worlds needed a move`);
});

test('a decision leaves times, pins and everybody else as they were, and nobody overlaps', () => {
  let moved = 0;
  for (const { seed, world, made } of all) {
    assert.deepEqual(wrongAfter(world, worldAfter(world, made)), [], `world ${seed}`);
    moved += made.moves.length > 1 ? 1 : 0;
  }
  assert.ok(moved > 0, 'some world needed several moves');
});

test('every certificate stands, and what was refused with one fits in no way at all', () => {
  let certified = 0;
  for (const { seed, world, made } of all) {
    if (made.certificate === undefined) continue;
    certified += 1;
    assert.equal(made.placement.kind === 'refused' && made.placement.proof, 'clique');
    assert.deepEqual(wrongCertificate(world, made.certificate), [], `world ${seed}`);
    assert.equal(fewestMoves(world), undefined, `world ${seed}`);
  }
  assert.ok(certified > WORLDS / 20, `only ${certified} certificates`);
});

test('of small worlds nothing is refused that fits in any way, and few moves are wasted', () => {
  let moves = 0;
  let fewest = 0;
  for (const { seed, world, made } of all) {
    if (made.placement.kind === 'refused' && made.placement.proof === 'rule') continue;
    const least = fewestMoves(world);
    assert.equal(made.placement.kind, least === undefined ? 'refused' : 'placed', `world ${seed}`);
    if (least === undefined) continue;
    moves += made.moves.length;
    fewest += least;
  }
  assert.ok(moves <= fewest * 1.05, `${moves} moves where ${fewest} would do`);
});

test('a search changes nothing in the region, whether it finds room or not', () => {
  for (let seed = 1; seed <= WORLDS; seed += 1) {
    const world = smallWorld(seed);
    const state = regionOfWorld(world);
    const before = JSON.stringify([...state.holds.values()]);
    const budget = seed % 2 === 0 ? fullBudget : { ...fullBudget, poolIterations: 5 };
    makeRoomAtOnce(state, requestOfWorld(world), { seed, mayMove, budget });
    assert.equal(JSON.stringify([...state.holds.values()]), before);
    for (const resource of state.resourcesById()) {
      resource.lanes.forEach((lane, ordinal) => {
        const own = [...state.holds.values()].filter(
          ({ laneId }) => laneId === resource.resource.lanes[ordinal],
        );
        assert.deepEqual(
          lane.holds(),
          own.sort((a, b) => a.start - b.start),
        );
      });
    }
  }
});

test('the same stream of requests leaves the same bookings in any process', async () => {
  const script = fileURLToPath(new URL('../support/room-digest.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, '60']);
  assert.equal(stdout.trim(), roomDigest(60));
  assert.notEqual(roomDigest(59), roomDigest(60));
});
