import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { compatibleByBuffers } from './compatible.ts';
import type { Compatible, Occupation } from './compatible.ts';
import { Timeline } from './timeline.ts';
import type { Hold } from './timeline.ts';

const SPAN = 300;

const anyOccupation: fc.Arbitrary<Occupation> = fc
  .record({
    start: fc.integer({ min: 0, max: SPAN }),
    seconds: fc.integer({ min: 1, max: 30 }),
    bufferBefore: fc.integer({ min: 0, max: 5 }),
    bufferAfter: fc.integer({ min: 0, max: 5 }),
    location: fc.constantFrom('a', 'b'),
  })
  .map(({ seconds, ...rest }) => ({ ...rest, end: rest.start + seconds, serviceType: 's' }));
const anyOccupations = fc.array(anyOccupation, { maxLength: 30 });

/** Another implementation, as travel will be: between different places it takes seven seconds. */
const withTravel: Compatible = (before, after) => {
  const wait = Math.max(before.bufferAfter + after.bufferBefore, travelSeconds(before, after));
  return before.end + wait <= after.start;
};
const travelSeconds = (a: Occupation, b: Occupation) => (a.location === b.location ? 0 : 7);
const anyCompatible = fc.constantFrom(compatibleByBuffers, withTravel);

function hold(occupation: Occupation, index: number): Hold {
  const identity = { appointmentId: `appointment-${index}`, laneId: 1, resourceId: 'r' };
  return { ...occupation, ...identity, pin: 'movable', moves: 0 };
}

/** A timeline filled with what fits, and the same holds in a plain list. */
function fill(occupations: Occupation[], compatible: Compatible) {
  const timeline = new Timeline();
  const holds: Hold[] = [];
  occupations.forEach((occupation, index) => {
    if (!fitsPairwise(holds, occupation, compatible)) return;
    const added = hold(occupation, index);
    timeline.insert(added);
    holds.push(added);
  });
  return { timeline, holds };
}

function fitsPairwise(holds: Hold[], candidate: Occupation, compatible: Compatible): boolean {
  return holds.every((other) => isApart(other, candidate, compatible));
}

function isApart(a: Occupation, b: Occupation, compatible: Compatible): boolean {
  return compatible(a, b) || compatible(b, a);
}

test('asking the two neighbours is the same as asking every hold', () => {
  fc.assert(
    fc.property(anyOccupations, anyOccupation, anyCompatible, (all, candidate, compatible) => {
      const { timeline, holds } = fill(all, compatible);
      assert.equal(
        timeline.fits(candidate, compatible),
        fitsPairwise(holds, candidate, compatible),
      );
    }),
    { numRuns: 1_000 },
  );
});

test('the conflicts are all holds that keep the candidate out', () => {
  fc.assert(
    fc.property(anyOccupations, anyOccupation, anyCompatible, (all, candidate, compatible) => {
      const { timeline, holds } = fill(all, compatible);
      const expected = holds
        .filter((other) => !isApart(other, candidate, compatible))
        .sort((a, b) => a.start - b.start);
      assert.deepEqual(timeline.conflicts(candidate, compatible), expected);
    }),
    { numRuns: 1_000 },
  );
});

test('the free starts are exactly the starts that fit', () => {
  fc.assert(
    fc.property(anyOccupations, anyOccupation, anyCompatible, (all, candidate, compatible) => {
      const { timeline } = fill(all, compatible);
      const seconds = candidate.end - candidate.start;
      const range = { start: 20, end: SPAN };
      const free = timeline.freeStarts(candidate, range, compatible);
      for (let start = range.start - 1; start <= range.end; start += 1) {
        const moved = { ...candidate, start, end: start + seconds };
        const isIn = free.some((interval) => interval.start <= start && start < interval.end);
        const inRange = start >= range.start && start < range.end;
        assert.equal(isIn, inRange && timeline.fits(moved, compatible), `${start}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('holds leave in any order and leave the others in order of time', () => {
  fc.assert(
    fc.property(anyOccupations, fc.infiniteStream(fc.nat()), (all, choices) => {
      const { timeline, holds } = fill(all, compatibleByBuffers);
      while (holds.length > 0) {
        const index = (choices.next().value as number) % holds.length;
        const [removed] = holds.splice(index, 1);
        timeline.remove(removed ?? assert.fail('no hold'));
        const expected = [...holds].sort((a, b) => a.start - b.start);
        assert.deepEqual(timeline.holds(), expected);
      }
      assert.equal(timeline.size, 0);
    }),
  );
});

test('the neighbours are the holds between which a candidate would come', () => {
  const plain = { bufferBefore: 0, bufferAfter: 0, serviceType: 's' };
  const timeline = new Timeline();
  const [first, second] = [10, 50].map((start, index) =>
    hold({ ...plain, start, end: start + 5 }, index),
  );
  timeline.insert(second ?? assert.fail());
  timeline.insert(first ?? assert.fail());
  const around = (start: number) => timeline.neighbours({ ...plain, start, end: start + 1 });
  assert.deepEqual(around(9), { before: undefined, after: first });
  assert.deepEqual(around(10), { before: first, after: second });
  assert.deepEqual(around(50), { before: second, after: undefined });
});

test('the idle time reaches to the neighbours or the ends of the window', () => {
  const timeline = new Timeline();
  const plain = { bufferBefore: 0, bufferAfter: 0, serviceType: 's' };
  const window = { start: 0, end: 1_000 };
  const candidate = { ...plain, start: 400, end: 500, bufferAfter: 20 };
  assert.equal(timeline.idleAround(candidate, window, compatibleByBuffers), 880);
  timeline.insert(hold({ ...plain, start: 300, end: 350, bufferAfter: 30 }, 1));
  assert.equal(timeline.idleAround(candidate, window, compatibleByBuffers), 20 + 480);
  timeline.insert(hold({ ...plain, start: 530, end: 600, bufferBefore: 10 }, 2));
  assert.equal(timeline.idleAround(candidate, window, compatibleByBuffers), 20);
  timeline.insert(hold({ ...plain, start: 380, end: 400 }, 3));
  assert.equal(timeline.idleAround(candidate, window, compatibleByBuffers), 0);
  const late = { ...candidate, start: 401, end: 501 };
  assert.equal(timeline.idleAround(late, window, compatibleByBuffers), -1);
});

test('inserting what overlaps and removing what is not there throw', () => {
  const timeline = new Timeline();
  const plain = { bufferBefore: 0, bufferAfter: 10, serviceType: 's' };
  timeline.insert(hold({ ...plain, start: 0, end: 100 }, 1));
  assert.throws(() => timeline.insert(hold({ ...plain, start: 109, end: 200 }, 2)), /taken/);
  assert.throws(() => timeline.remove(hold({ ...plain, start: 0, end: 100 }, 3)), /does not hold/);
  timeline.insert(hold({ ...plain, start: 110, end: 200 }, 2));
  assert.equal(timeline.size, 2);
});
