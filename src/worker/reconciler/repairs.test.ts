import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../io/clock.ts';
import { createLog } from '../../io/log.ts';
import { createMetrics } from '../../io/metrics.ts';
import { defaultWorkerConfig } from '../config.ts';
import { defaultReconcilerConfig } from './config.ts';
import type { Mending } from './orphan.ts';
import { Repairs } from './repairs.ts';
import type { Suspect } from './suspects.ts';

function repairing(setAsideLimit = 100) {
  const time = { nowMs: 0 };
  const metrics = createMetrics();
  const reconciler = { ...defaultReconcilerConfig, retryMs: 1_000, setAsideLimit };
  const repairs = new Repairs({
    ...{ metrics, log: createLog('silent', 'test') },
    clock: { ...systemClock, monotonicMs: () => time.nowMs },
    config: { ...defaultWorkerConfig, reconciler },
  });
  return { repairs, time, metrics };
}

/** A suspect that counts how often it was tried. */
function suspect(id: string, mend: () => Promise<Mending[]>) {
  const tried: (readonly string[])[] = [];
  const one: Suspect = {
    name: { tenant_id: 'default', appointment_id: id },
    kinds: ['version-without-history', 'state-without-event'],
    mend: (kinds) => {
      tried.push(kinds);
      return mend();
    },
  };
  return { one, tried };
}

const left: Mending = { kind: 'version-without-history', action: 'unrepairable' };
const written: Mending = { kind: 'state-without-event', action: 'event-written' };

test('what cannot be repaired is tried again after a while, and the rest meanwhile', async () => {
  const { repairs, time, metrics } = repairing();
  const { one, tried } = suspect('a', () => Promise.resolve([left, written]));
  await repairs.attempt(one);
  await repairs.attempt(one);
  time.nowMs = 1_000;
  await repairs.attempt(one);
  const [both, event] = [
    ['version-without-history', 'state-without-event'],
    ['state-without-event'],
  ];
  assert.deepEqual(tried, [both, event, both]);
  const repaired = await metrics.orphansRepaired.get();
  assert.deepEqual(
    repaired.values.map(({ labels, value }) => [labels.kind, labels.action, value]),
    [['state-without-event', 'event-written', 3]],
  );
});

test('a repair that fails counts as unrepairable, and is not tried at every look', async () => {
  const { repairs, metrics } = repairing();
  const { one, tried } = suspect('a', () => Promise.reject(new Error('a constraint')));
  await repairs.attempt(one);
  await repairs.attempt(one);
  assert.equal(tried.length, 1);
  const unrepairable = await metrics.orphansUnrepairable.get();
  assert.deepEqual(
    unrepairable.values.map(({ value }) => value),
    [1, 1],
  );
});

test('what says nothing about the orphan is not held against it', async () => {
  const { repairs, metrics } = repairing();
  const failing = (code: string) =>
    suspect('a', () => Promise.reject(Object.assign(new Error(), { code })));
  const deadlocked = failing('40P01');
  await repairs.attempt(deadlocked.one);
  await repairs.attempt(deadlocked.one);
  assert.equal(deadlocked.tried.length, 2);
  for (const code of ['SW001', '57P01']) {
    const { one } = failing(code);
    await assert.rejects(repairs.attempt(one), { code });
    await assert.rejects(repairs.attempt(one), { code });
  }
  assert.deepEqual((await metrics.orphansFound.get()).values, []);
});

test('only so many are remembered; the one set aside first is forgotten first', async () => {
  const { repairs } = repairing(2);
  const all = ['a', 'b', 'c'].map((id) => suspect(id, () => Promise.resolve([left])));
  for (const { one } of all) await repairs.attempt({ ...one, kinds: [left.kind] });
  for (const { one } of all.toReversed()) await repairs.attempt({ ...one, kinds: [left.kind] });
  assert.deepEqual(
    all.map(({ tried }) => tried.length),
    [2, 1, 1],
  );
});
