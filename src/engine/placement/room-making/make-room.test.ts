import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as make from '../../../../test/support/placement-region.ts';
import { compatibleByBuffers } from '../compatible.ts';
import { place } from '../place.ts';
import { RegionState } from '../region-state.ts';
import { fullBudget, makeRoom, makeRoomAtOnce } from './make-room.ts';
import { movePolicy } from './move-policy.ts';

const nine = make.slotAt('2026-06-01T09:00:00Z', 60);
const massage = { serviceTypes: ['consultation', 'massage'] };
const mayMove = movePolicy({ now: 0, horizonSeconds: 0, maxMoves: 2 });
const options = { seed: 1, mayMove };

/** At nine `a`, who can do both, has a consultation; `b` could, too; a massage is asked for. */
function blocked() {
  const state = make.regionOf(make.resource('a', massage), make.resource('b'));
  state.putServiceType(make.serviceType('massage'));
  const hold = make.book(state, nine, { resourceId: 'a' });
  return { state, hold, request: { serviceType: 'massage', slot: nine } };
}

test('a booking goes to an equal resource so that another fits, and keeps its times', () => {
  const { state, hold, request } = blocked();
  const { placement, moves } = makeRoomAtOnce(state, request, options);
  assert.equal(placement.kind === 'placed' && placement.resourceId, 'a');
  const taken = { ...hold, resourceId: 'b', laneId: make.laneOf('b', 0), moves: 1 };
  assert.deepEqual(moves, [{ freed: hold, taken }]);
});

test('it takes the buffers of the resource it goes to, and must fit there with them', () => {
  const { state, request } = blocked();
  const buffers = { bufferBeforeSeconds: 300, bufferAfterSeconds: 600 };
  state.putResource(make.resource('b', buffers));
  const [move] = makeRoomAtOnce(state, request, options).moves;
  assert.deepEqual([move?.taken.bufferBefore, move?.taken.bufferAfter], [300, 600]);
  make.book(state, make.slotAt('2026-06-01T10:15:00Z', 30), { resourceId: 'b' });
  assert.equal(makeRoomAtOnce(state, request, options).moves.length, 1);
  const early = make.book(state, make.slotAt('2026-06-01T08:30:00Z', 20), { resourceId: 'b' });
  assert.equal(makeRoomAtOnce(state, request, options).moves.length, 2);
  state.removeHold(early.appointmentId);
  state.placeHold({ ...early, pin: 'pinned' });
  assert.equal(makeRoomAtOnce(state, request, options).placement.kind, 'refused');
});

test('hours, absences and locations of the other resource are kept', () => {
  const { state, request } = blocked();
  state.putAbsence({ id: 'x', resourceId: 'b', ...nine });
  assert.equal(makeRoomAtOnce(state, request, options).placement.kind, 'refused');
  state.removeAbsence('x');
  assert.equal(makeRoomAtOnce(state, request, options).placement.kind, 'placed');
  state.putLocation(make.location('north'));
  state.putResource(make.resource('b', { locations: ['north'] }));
  assert.equal(makeRoomAtOnce(state, request, options).placement.kind, 'placed');
  const [hold] = [...state.holds.values()];
  assert.ok(hold);
  state.removeHold(hold.appointmentId);
  state.placeHold({ ...hold, location: 'main' });
  assert.equal(makeRoomAtOnce(state, request, options).placement.kind, 'refused');
});

test('who is pinned, soon to start or often moved stays', () => {
  for (const changes of [
    { pin: 'pinned' },
    { pin: 'notified' },
    { pin: 'started' },
    { moves: 2 },
  ]) {
    const { state, hold, request } = blocked();
    state.removeHold(hold.appointmentId);
    state.placeHold({ ...hold, ...(changes as Partial<typeof hold>) });
    const { placement, certificate } = makeRoomAtOnce(state, request, options);
    assert.equal(placement.kind === 'refused' && placement.proof, 'clique');
    assert.deepEqual(certificate, { instant: nine.start, appointmentIds: [], laneIds: [] });
  }
  const { state, request } = blocked();
  const later = movePolicy({ now: nine.start - 60, horizonSeconds: 61, maxMoves: 2 });
  assert.equal(makeRoomAtOnce(state, request, { seed: 1, mayMove: later }).moves.length, 0);
});

test('a resource that is asked for by name is made free, too', () => {
  const { state, request } = blocked();
  const named = { ...request, serviceType: 'consultation', resourceId: 'a' };
  const { placement, moves } = makeRoomAtOnce(state, named, options);
  assert.equal(placement.kind === 'placed' && placement.resourceId, 'a');
  assert.equal(moves.length, 1);
});

test('a refusal by a rule, or without a budget, is that of direct placement', () => {
  const { state, request } = blocked();
  const none = { ...options, budget: { ...fullBudget, chainMoves: 0 } };
  assert.deepEqual(makeRoomAtOnce(state, request, none).placement, place(state, request, 1));
  const night = { ...request, slot: make.slotAt('2026-06-01T03:00:00Z', 60) };
  const refused = makeRoomAtOnce(state, night, options).placement;
  assert.deepEqual(refused, place(state, night, 1));
  assert.equal(refused.kind === 'refused' && refused.proof, 'rule');
});

test('nothing comes to a resource over its capacity, but it gives bookings away', () => {
  const { state, request } = blocked();
  state.putResource(make.resource('b', { capacity: 2 }));
  make.book(state, nine, { resourceId: 'b', laneId: make.laneOf('b', 1) });
  const lanes = [0, 1].map((ordinal) => make.laneOf('b', ordinal));
  state.putResource(make.resource('b', { capacity: 1, lanes }));
  assert.equal(makeRoomAtOnce(state, request, options).placement.kind, 'refused');
});

test('where more than buffers counts, a booking goes where it is compatible', () => {
  for (const [waiting, kind] of [
    [1_800, 'placed'],
    [1_801, 'refused'],
  ] as const) {
    const state = new RegionState((before, after) => {
      return compatibleByBuffers(before, after) && before.end + waiting <= after.start;
    });
    for (const code of ['consultation', 'massage']) state.putServiceType(make.serviceType(code));
    state.putLocation(make.location('main'));
    state.putResource(make.resource('a', massage));
    state.putResource(make.resource('b'));
    make.book(state, nine, { resourceId: 'a' });
    make.book(state, make.slotAt('2026-06-01T10:30:00Z', 60), { resourceId: 'b' });
    const { placement } = makeRoomAtOnce(state, { serviceType: 'massage', slot: nine }, options);
    assert.equal(placement.kind, kind);
  }
});

test('the work comes in turns, and gives the same in turns as at once', () => {
  const { state, request } = blocked();
  const steps = makeRoom(state, request, options);
  assert.deepEqual(steps.next(), { done: false, value: undefined });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  assert.deepEqual(step.value, makeRoomAtOnce(state, request, options));
});
