import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedEvent } from './event-feed.ts';
import { planTaking } from './plan-taking.ts';

function event(appointment_id: string, version: number, awaits: number[] = []): FeedEvent {
  const fixed = { shard: null, tenant_id: 'default', type: 'x', traceparent: null };
  return { ...fixed, appointment_id, version, event: `${appointment_id}${version}`, awaits };
}

function planned(events: FeedEvent[], poison = ''): string[] {
  const plan = planTaking(events, (one) => {
    if (one.event === poison) throw new Error('poison');
    return undefined;
  });
  return plan.map((one) => `${one.outcome} ${one.appointment_id}${one.version}`);
}

test('an event that awaits nothing is taken', () => {
  assert.deepEqual(planned([event('a', 1), event('b', 7)]), ['take a1', 'take b7']);
});

test('an event waits for each of its predecessors, unless they are taken with it', () => {
  assert.deepEqual(planned([event('a', 3, [2])]), ['hold a3']);
  assert.deepEqual(planned([event('a', 2), event('a', 3, [2])]), ['take a2', 'take a3']);
  assert.deepEqual(planned([event('a', 2), event('a', 4, [2, 3])]), ['take a2', 'hold a4']);
  assert.deepEqual(planned([event('b', 2), event('a', 3, [2])]), ['take b2', 'hold a3']);
});

test('whatever comes after one that is held or parked is held, of its appointment alone', () => {
  const events = [event('a', 1), event('a', 2), event('b', 1), event('b', 2)];
  assert.deepEqual(planned(events, 'a1'), ['park a1', 'hold a2', 'take b1', 'take b2']);
  assert.deepEqual(planned([event('a', 2, [1]), event('a', 3)]), ['hold a2', 'hold a3']);
});

test('an event that is there twice is dealt with once', () => {
  assert.deepEqual(planned([event('a', 1), event('a', 1)]), ['take a1']);
  assert.deepEqual(planned([event('a', 1), event('a', 1)], 'a1'), ['park a1']);
});

test('what is taken needs no bytes, what is held or parked keeps them, and says why', () => {
  const events = [event('a', 1), event('b', 1), event('c', 2, [1])];
  const plan = planTaking(events, ({ appointment_id }) => {
    if (appointment_id === 'b') throw new Error('not JSON');
    return { channel: 'email', recipient: 'r', template: 't', state: 'pending', reason: null };
  });
  assert.deepEqual(
    plan.map(({ event: bytes, poison, recipient }) => [bytes, poison, recipient]),
    [
      [null, null, 'r'],
      ['b1', 'not JSON', undefined],
      ['c2', null, undefined],
    ],
  );
});
