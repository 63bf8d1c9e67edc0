import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as make from '../../../test/support/placement-region.ts';
import { explain } from './eligibility.ts';
import { place } from './place.ts';
import type { RegionState } from './region-state.ts';

const morning = make.slotAt('2026-06-01T09:00:00Z', 60);
const request = { serviceType: 'consultation', slot: morning };

function idsOffering(state: RegionState, serviceType: string): string[] {
  return state.offering(serviceType).map(({ id }) => id);
}

function placeAndBook(state: RegionState): string {
  const placement = place(state, request, 1);
  if (placement.kind === 'refused') return placement.reason;
  return make.book(state, morning, placement).appointmentId;
}

test('resources are listed by id whatever the order in which they came', () => {
  const both = { serviceTypes: ['massage', 'consultation'] };
  const state = make.regionOf(make.resource('c'), make.resource('a', both), make.resource('b'));
  assert.deepEqual(idsOffering(state, 'consultation'), ['a', 'b', 'c']);
  assert.deepEqual(
    state.resourcesById().map(({ id }) => id),
    ['a', 'b', 'c'],
  );
});

test('a replaced resource is found under its new service types only', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b'));
  state.putResource(make.resource('a', { serviceTypes: ['massage'] }));
  assert.deepEqual(idsOffering(state, 'consultation'), ['b']);
  assert.deepEqual(idsOffering(state, 'massage'), ['a']);
  state.putResource(make.resource('a'));
  assert.deepEqual(idsOffering(state, 'consultation'), ['a', 'b']);
  assert.deepEqual(idsOffering(state, 'massage'), []);
});

test('a replaced resource keeps its bookings and absences', () => {
  const state = make.regionOf(make.resource('a'));
  make.book(state, morning, { resourceId: 'a' });
  state.putAbsence({ id: 'x', resourceId: 'a', start: morning.end, end: morning.end + 60 });
  state.putResource(make.resource('a', { name: 'renamed' }));
  const resource = state.resources.get('a') ?? assert.fail();
  assert.equal(explain(state, request, resource), 'capacity');
  const next = { start: morning.end, end: morning.end + 1_800 };
  assert.equal(explain(state, { ...request, slot: next }, resource), 'absence');
});

test('a greater capacity takes as many bookings at once as it says', () => {
  const state = make.regionOf(make.resource('a', { capacity: 1 }));
  placeAndBook(state);
  assert.equal(placeAndBook(state), 'no-room');
  state.putResource(make.resource('a', { capacity: 3 }));
  placeAndBook(state);
  placeAndBook(state);
  assert.equal(placeAndBook(state), 'no-room');
  assert.equal(state.holds.size, 3);
});

test('bookings on lanes above a smaller capacity stay and count against it', () => {
  const lanes = [0, 1, 2].map((ordinal) => make.laneOf('a', ordinal));
  const state = make.regionOf(make.resource('a', { capacity: 3, lanes }));
  const third = make.book(state, morning, { resourceId: 'a', laneId: lanes[2] ?? 0 });
  state.putResource(make.resource('a', { capacity: 2, lanes }));
  const second = placeAndBook(state);
  assert.equal(placeAndBook(state), 'no-room');
  state.removeHold(second);
  placeAndBook(state);
  state.removeHold(third.appointmentId);
  placeAndBook(state);
  assert.equal(placeAndBook(state), 'no-room');
});

test('a lane that holds bookings cannot be left out', () => {
  const state = make.regionOf(make.resource('a'));
  make.book(state, morning, { resourceId: 'a' });
  assert.throws(() => state.putResource(make.resource('a', { lanes: [1] })), /still holds/);
  assert.throws(() => state.removeResource('a'), /still holds/);
  assert.deepEqual(idsOffering(state, 'consultation'), ['a']);
});

test('a resource that has gone leaves nothing behind', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b'));
  state.putAbsence({ id: 'x', resourceId: 'a', start: 0, end: 10 });
  state.removeResource('a');
  state.removeResource('a');
  state.removeAbsence('x');
  assert.deepEqual(idsOffering(state, 'consultation'), ['b']);
  assert.throws(() => {
    state.putAbsence({ id: 'y', resourceId: 'a', start: 0, end: 10 });
  }, /unknown resource/);
});

test('an absence can be changed, handed to another resource and taken back', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b'));
  const rules = () => state.resourcesById().map((one) => explain(state, request, one));
  const absence = { id: 'x', resourceId: 'a', ...morning };
  state.putAbsence(absence);
  assert.deepEqual(rules(), ['absence', null]);
  state.putAbsence({ ...absence, source: 'calendar' });
  assert.deepEqual(rules(), ['calendar', null]);
  state.putAbsence({ ...absence, resourceId: 'b' });
  assert.deepEqual(rules(), [null, 'absence']);
  state.removeAbsence('x');
  assert.deepEqual(rules(), [null, null]);
});

test('an appointment holds one lane at a time and frees it once', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b'));
  const hold = make.book(state, morning, { resourceId: 'a' });
  const elsewhere = { ...hold, resourceId: 'b', laneId: make.laneOf('b', 0) };
  assert.throws(() => state.placeHold(elsewhere), /already holds/);
  assert.equal(state.removeHold(hold.appointmentId), hold);
  assert.equal(state.removeHold(hold.appointmentId), undefined);
  state.placeHold(elsewhere);
  assert.throws(() => state.placeHold({ ...hold, appointmentId: 'z', laneId: 5 }), /unknown lane/);
});

test('two bookings can swap their lanes', () => {
  const state = make.regionOf(make.resource('a'), make.resource('b'));
  const one = make.book(state, morning, { resourceId: 'a' });
  const other = make.book(state, morning, { resourceId: 'b' });
  state.removeHold(one.appointmentId);
  state.removeHold(other.appointmentId);
  state.placeHold({ ...one, laneId: other.laneId, resourceId: 'b' });
  state.placeHold({ ...other, laneId: one.laneId, resourceId: 'a' });
  assert.equal(state.holds.get(one.appointmentId)?.resourceId, 'b');
});

test('an answer is worked out once, and anew after any change of what it was about', () => {
  const state = make.regionOf(make.resource('a'));
  let worked = 0;
  const ask = (): number => state.answer('how often?', () => (worked += 1));
  assert.deepEqual([ask(), ask()], [1, 1]);
  const hold = make.book(state, morning, { resourceId: 'a' });
  assert.equal(ask(), 2);
  const changes = [
    () => void state.removeHold(hold.appointmentId),
    () => state.placeHold(hold),
    () => state.putAbsence({ id: 'x', resourceId: 'a', start: morning.end, end: morning.end + 60 }),
    () => state.removeAbsence('x'),
    () => state.putResource(make.resource('a', { name: 'renamed' })),
    () => void state.removeHold(hold.appointmentId),
    () => state.removeResource('a'),
  ];
  for (const [index, change] of changes.entries()) {
    change();
    assert.equal(ask(), index + 3);
  }
});
