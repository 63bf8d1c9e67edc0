import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../contract/problem.ts';
import { cursor } from './cursor.ts';

const place = [1_900_000_000, '0198c5f0-0000-7000-8000-000000000001'];

test('a cursor gives back the place that it was written for', () => {
  assert.deepEqual(cursor.read('appointments', 'slot', cursor.write('appointments', place)), place);
  assert.deepEqual(cursor.read('locations', 'id', cursor.write('locations', ['a.b-c'])), ['a.b-c']);
});

test('a changed, shortened, foreign or invented cursor is a bad one', () => {
  const ours = cursor.write('appointments', place);
  const bad = [
    ours.slice(1),
    `${ours}A`,
    `${ours}=`,
    ` ${ours}`,
    '',
    'e30',
    '%%%',
    ours.toUpperCase(),
  ];
  // Well signed, but not what the query takes.
  bad.push(cursor.write('appointments', ['no uuid']), cursor.write('appointments', [1, 'x']));
  for (const given of bad) {
    assert.throws(
      () => cursor.read('appointments', 'slot', given),
      (error) => error instanceof Problem && error.code === 'bad-cursor',
      given,
    );
  }
  assert.throws(() => cursor.read('customers', 'slot', ours), Problem);
});
