import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSlot } from './check-slot.ts';

const codes = (start: unknown, end: unknown): string[] =>
  checkSlot({ start_time: start, end_time: end }, '/slot').map(
    ({ pointer, code }) => `${pointer} ${code}`,
  );

test('a slot of one second and one of four hours pass', () => {
  assert.deepEqual(codes('2030-01-01T10:00:00Z', '2030-01-01T10:00:01Z'), []);
  assert.deepEqual(codes('2030-01-01T10:00:00.000Z', '2030-01-01T14:00:00Z'), []);
});

test('an empty, a reversed and a too long slot do not', () => {
  const start = '2030-01-01T10:00:00Z';
  assert.deepEqual(codes(start, start), ['/slot/end_time slot-order']);
  assert.deepEqual(codes(start, '2030-01-01T09:00:00Z'), ['/slot/end_time slot-order']);
  assert.deepEqual(codes(start, '2030-01-01T14:00:01Z'), ['/slot/end_time slot-too-long']);
});

test('both instants that do not exist are reported at once', () => {
  assert.deepEqual(codes('2030-02-29T10:00:00Z', '2030-02-28T24:00:00Z'), [
    '/slot/start_time instant',
    '/slot/end_time instant',
  ]);
  assert.deepEqual(codes('0000-01-01T00:00:00Z', '9999-01-01T00:00:00Z').length, 2);
});

test('what is ill-typed or in another form is left to the schema', () => {
  assert.deepEqual(codes(5, '10:00'), []);
  for (const slot of [undefined, null, 'x', []]) assert.deepEqual(checkSlot(slot, '/slot'), []);
});
