import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentiles } from './percentiles.ts';

test('percentiles are values that occurred, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(percentiles(hundred), { p50: 50, p95: 95, p99: 99 });
  assert.deepEqual(percentiles([7]), { p50: 7, p95: 7, p99: 7 });
  assert.equal(percentiles([]), undefined);
});
