import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import * as sets from './intervals.ts';
import type { Interval } from './intervals.ts';

const SPAN = 40;
const anyInterval = fc
  .tuple(fc.integer({ min: 0, max: SPAN }), fc.integer({ min: 0, max: 8 }))
  .map(([start, length]) => ({ start, end: Math.min(SPAN, start + length) }));
const anyIntervals = fc.array(anyInterval, { maxLength: 10 });
const anySet = anyIntervals.map(sets.mergeIntervals);

function points(intervals: readonly Interval[]): boolean[] {
  return Array.from({ length: SPAN }, (_, at) =>
    intervals.some(({ start, end }) => start <= at && at < end),
  );
}

function assertIsSet(intervals: readonly Interval[]): void {
  let last = -Infinity;
  for (const { start, end } of intervals) {
    assert.ok(start < end);
    assert.ok(start > last || last === -Infinity);
    last = end;
  }
}

test('merging keeps exactly the covered points and joins what touches', () => {
  fc.assert(
    fc.property(anyIntervals, (intervals) => {
      const merged = sets.mergeIntervals(intervals);
      assertIsSet(merged);
      assert.deepEqual(points(merged), points(intervals));
    }),
  );
});

test('subtracting, intersecting and clipping agree with their points', () => {
  fc.assert(
    fc.property(anySet, anySet, anyInterval, (a, b, window) => {
      const inA = points(a);
      const inB = points(b);
      const inWindow = points([window]);
      const difference = sets.subtractIntervals(a, b);
      const both = sets.intersectIntervals(a, b);
      const clipped = sets.clipIntervals(a, window);
      assertIsSet(difference);
      assert.deepEqual(
        points(difference),
        inA.map((is, at) => is && inB[at] !== true),
      );
      assert.deepEqual(
        points(both),
        inA.map((is, at) => is && inB[at] === true),
      );
      assert.deepEqual(
        points(clipped),
        inA.map((is, at) => is && inWindow[at] === true),
      );
    }),
  );
});

test('the first overlap is the earliest interval with a point in common', () => {
  fc.assert(
    fc.property(anySet, anyInterval, (set, window) => {
      fc.pre(window.start < window.end);
      const expected = set.find((one) => one.start < window.end && window.start < one.end);
      assert.deepEqual(sets.firstOverlap(set, window), expected);
    }),
  );
});
