import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../contract/engine-link.ts';
import { systemClock } from '../io/clock.ts';
import { createLog } from '../io/log.ts';
import { maxDecisionReaders } from './config.ts';
import { DecisionReaders } from './decision-readers.ts';

function parts(options: { maxUnreadCharacters?: number } = {}) {
  const listeners = new Set<(decision: Decision) => void>();
  const readers = new DecisionReaders({
    clock: systemClock,
    log: createLog('silent', 'test'),
    onDecision: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ...options,
  });
  const publish = (commandId: string): void => {
    for (const tell of listeners) tell({ tenantId: 'default', commandId, state: 'applied' });
  };
  return { readers, listeners, publish };
}

function reading(readers: DecisionReaders) {
  const gone = new AbortController();
  const lines = readers.open()(gone.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => {
    const { value, done } = await lines.next();
    return done === true ? undefined : value;
  };
  return { next, leave: () => gone.abort() };
}

const ids = (text = ''): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as Decision).commandId);

test('a reader hears of every decision since its first line, in order', async () => {
  const { readers, publish } = parts();
  const reader = reading(readers);
  assert.equal(await reader.next(), '\n');
  publish('a');
  publish('b');
  assert.deepEqual(ids(await reader.next()), ['a', 'b']);
  const waiting = reader.next();
  publish('c');
  assert.deepEqual(ids(await waiting), ['c']);
  reader.leave();
  assert.equal(await reader.next(), undefined);
});

test('without a reader nobody listens to decisions', async () => {
  const { readers, listeners } = parts();
  assert.equal(listeners.size, 0);
  const [one, other] = [reading(readers), reading(readers)];
  await Promise.all([one.next(), other.next()]);
  assert.equal(listeners.size, 1, 'once for all readers');
  one.leave();
  assert.equal(listeners.size, 1);
  other.leave();
  assert.equal(listeners.size, 0);
});

test('a reader that does not read is dropped, and the others are not', async () => {
  const { readers, publish } = parts({ maxUnreadCharacters: 200 });
  const [slow, quick] = [reading(readers), reading(readers)];
  await Promise.all([slow.next(), quick.next()]);
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    publish(id);
    assert.deepEqual(ids(await quick.next()), [id]);
  }
  assert.equal(readers.size, 1);
  assert.equal(await slow.next(), undefined, 'its stream ends');
});

test('there are only so many readers', async () => {
  const { readers } = parts();
  const all = Array.from({ length: maxDecisionReaders }, () => reading(readers));
  await Promise.all(all.map((reader) => reader.next()));
  assert.throws(() => readers.open(), /too many streams/);
  all[0]?.leave();
  readers.open();
});
