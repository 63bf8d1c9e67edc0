import assert from 'node:assert/strict';
import { test } from 'node:test';
import { surplusPatienceMs } from './config.ts';
import { Surplus } from './surplus.ts';

test('a surplus that does not last moves no region', () => {
  const surplus = new Surplus();
  assert.equal(surplus.toRelease(3, 0), 0);
  assert.equal(surplus.toRelease(0, surplusPatienceMs), 0);
  assert.equal(surplus.toRelease(3, surplusPatienceMs + 1), 0, 'it begins anew');
  assert.equal(surplus.toRelease(3, 2 * surplusPatienceMs), 0);
});

test('one that lasts goes a tenth at a time, and wholly', () => {
  const surplus = new Surplus();
  surplus.toRelease(25, 0);
  const moved: number[] = [];
  for (let left = 25, at = surplusPatienceMs; left > 0; at += 1) {
    const count = surplus.toRelease(left, at);
    moved.push(count);
    left -= count;
  }
  assert.deepEqual(moved.slice(0, 3), [3, 3, 2]);
  assert.equal(moved.at(-1), 1);
});
