import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../test/support/eventually.ts';
import { systemClock } from './clock.ts';
import { createLog } from './log.ts';
import { pollingLoop, type TurnResult } from './polling-loop.ts';

const parts = { name: 'test', clock: systemClock, log: createLog('silent', 'test') };

/** A first turn that never ends; the later ones do. */
function hangingOnce(): { turn: () => Promise<TurnResult>; turns: () => number } {
  let turns = 0;
  const turn = (): Promise<TurnResult> => {
    turns += 1;
    return turns === 1 ? new Promise<never>(() => undefined) : Promise.resolve('some');
  };
  return { turn, turns: () => turns };
}

test('a turn that hangs has failed, and the loop goes on without it', async () => {
  const { turn, turns } = hangingOnce();
  const failures: unknown[] = [];
  const recover = (error: unknown): Promise<void> => {
    failures.push(error);
    return Promise.resolve();
  };
  const loop = pollingLoop({ ...parts, turn, recover, turnLimitMs: 20 });
  loop.start();
  await eventually(() => turns() > 1);
  await eventually(() => loop.failure() === undefined);
  await loop.stop();
  assert.match(String(failures[0]), /a turn hangs/);
});

test('where nobody may go on beside a turn that hangs, its length is told', async () => {
  const { turn, turns } = hangingOnce();
  const loop = pollingLoop({ ...parts, turn, turnLimitMs: Infinity });
  assert.equal(loop.busyForMs(), 0);
  loop.start();
  await eventually(() => loop.busyForMs() > 50);
  assert.equal(turns(), 1);
});
