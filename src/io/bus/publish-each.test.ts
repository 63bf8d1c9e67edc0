import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BusEvent, FailedEvent } from './bus.ts';
import { publishEach } from './publish-each.ts';

function event(version: number, fields: Partial<BusEvent> = {}): BusEvent {
  const fixed = { shard: 0, type: 'appointment.updated.v1', bytes: '{}', traceparent: null };
  const ids = { outboxId: version, tenantId: 'default', appointmentId: 'a', version, attempt: 1 };
  return { ...fixed, ...ids, ...fields };
}

const failures = (list: readonly FailedEvent[]): string[] =>
  list.map(({ event: { version }, reason }) => `${version} ${reason}`);

test('an event that is not confirmed says why, and the others are not kept by it', async () => {
  const { refused, unconfirmed } = await publishEach([event(1), event(2), event(3)], (sent) =>
    Promise.resolve(sent.version === 2 ? 'nacked' : undefined),
  );
  assert.deepEqual([failures(refused), failures(unconfirmed)], [[], ['2 nacked']]);
});

test('an event that no broker would take is refused without being sent', async () => {
  const sent: number[] = [];
  const events = [
    event(1),
    event(2, { bytes: 'é'.repeat(500_001) }),
    event(3, { type: 'no key' }),
    event(4, { bytes: 'x'.repeat(1_000_000) }),
  ];
  const { refused, unconfirmed } = await publishEach(events, ({ version }) => {
    sent.push(version);
    return Promise.resolve(undefined);
  });
  assert.deepEqual([sent, unconfirmed], [[1, 4], []]);
  assert.deepEqual(failures(refused), [
    '2 larger than 1000000 bytes',
    '3 no routing key can be made of its type',
  ]);
});
