import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { alignedStarts } from './aligned-starts.ts';
import { parseInstant } from './slot.ts';
import { timeZone } from './time-zone.ts';

const ZONES = ['UTC', 'Europe/Paris', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia'];

function at(text: string): number {
  return parseInstant(text) ?? assert.fail(text);
}

test('a start is aligned exactly when the wall clock shows a whole number of steps', () => {
  const steps = fc.constantFrom(5, 10, 15, 30, 45, 60, 90, 24 * 60, 7);
  const around = fc.constantFrom(at('2011-12-30T10:00:00Z'), at('2025-10-26T01:00:00Z'));
  const anyStart = fc.tuple(around, fc.integer({ min: -200_000, max: 200_000 }));
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), steps, anyStart, (name, stepMinutes, [near, shift]) => {
      const zone = timeZone(name);
      const range = { start: near + shift, end: near + shift + 100_000 };
      const expected: number[] = [];
      for (let instant = Math.ceil(range.start / 60) * 60; instant < range.end; instant += 60) {
        const secondsOfDay = (instant + zone.offsetAt(instant)) % 86_400;
        if (secondsOfDay % (stepMinutes * 60) === 0) expected.push(instant);
      }
      assert.deepEqual(alignedStarts(zone, stepMinutes * 60, range), expected);
    }),
    { numRuns: 200 },
  );
});

test('an hour that a clock shows twice has its starts twice, a missing one none', () => {
  const zone = timeZone('Europe/Paris');
  const autumn = { start: at('2025-10-25T23:00:00Z'), end: at('2025-10-26T03:00:00Z') };
  assert.equal(alignedStarts(zone, 3_600, autumn).length, 4);
  assert.equal(alignedStarts(zone, 7_200, autumn).length, 2);
  const spring = { start: at('2025-03-29T23:00:00Z'), end: at('2025-03-30T03:00:00Z') };
  assert.equal(alignedStarts(zone, 7_200, spring).length, 2);
});
