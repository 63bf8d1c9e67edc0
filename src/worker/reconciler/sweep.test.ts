import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SweptTable } from '../../store/read/orphans-standing.ts';
import { systemClock } from '../../io/clock.ts';
import { defaultReconcilerConfig } from './config.ts';
import { Sweep, type Stretch } from './sweep.ts';

type Sizes = Record<SweptTable, number>;

/** A sweep on a clock that moves by 10 ms with every look at it. */
function sweeping(changes: Partial<typeof defaultReconcilerConfig> = {}) {
  let nowMs = 0;
  const passes: number[] = [];
  const clock = { ...systemClock, monotonicMs: () => (nowMs += 10) };
  const config = { ...defaultReconcilerConfig, ...changes };
  const sweep = new Sweep({ clock, config }, (seconds) => passes.push(seconds));
  const go = (pages: Sizes, { isBusy = false, count = 1 } = {}): Stretch[] => {
    const stretches: Stretch[] = [];
    for (const end = passes.length + count; passes.length < end;) {
      const stretch = sweep.next(pages, isBusy);
      if (stretch !== undefined) stretches.push(stretch);
    }
    return stretches;
  };
  return { go, passes };
}

const pagesOf = (stretches: Stretch[], table: SweptTable): number[] =>
  stretches
    .filter((stretch) => stretch.table === table)
    .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('every page of every table is gone through once in a pass, in stretches', () => {
  const sizes = { appointments: 1_000, slot_holds: 128, sagas: 1 };
  const { go } = sweeping();
  for (const pass of [0, 1]) {
    const stretches = go(sizes);
    assert.deepEqual(pagesOf(stretches, 'appointments'), upTo(1_000));
    assert.deepEqual(pagesOf(stretches, 'slot_holds'), upTo(128));
    assert.deepEqual(pagesOf(stretches, 'sagas'), upTo(1));
    assert.ok(stretches.every(({ from, to }) => to - from <= 512));
    assert.ok(stretches.every((stretch) => stretch.pass === pass));
  }
});

/** How long the second pass takes; the first one of an empty database is over at once. */
function secondsOfPass(pages: Sizes, isBusy = false): number {
  const pace = { passMs: 1_000, msPerPage: 1, gentleMsPerPage: 4, largePages: 5_000 };
  const { go, passes } = sweeping(pace);
  go(pages, { isBusy, count: 2 });
  return Math.floor(passes[1] ?? NaN);
}

const only = (appointments: number): Sizes => ({ appointments, slot_holds: 0, sagas: 0 });

test('a pass takes its least time however little there is, and longer where there is much', () => {
  const seconds = [0, 1, 999, 4_000].map((pages) => secondsOfPass(only(pages)));
  assert.deepEqual(seconds, [0, 1, 1, 4]);
});

test('a table that is large, or a process that is busy, is gone through gently', () => {
  assert.equal(secondsOfPass(only(6_000)), 24);
  assert.equal(secondsOfPass(only(4_000), true), 16);
  assert.equal(secondsOfPass(only(100), true), 1);
});
