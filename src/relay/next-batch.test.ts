import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BusEvent } from '../io/bus/bus.ts';
import { nextBatch } from './next-batch.ts';

function event(appointmentId: string, version: number, tenantId = 'default'): BusEvent {
  const fixed = {
    shard: 0,
    type: 'appointment.updated.v1',
    bytes: '{}',
    traceparent: null,
    attempt: 1,
  };
  return { ...fixed, outboxId: version, tenantId, appointmentId, version };
}

const pending = [event('a', 1), event('b', 1), event('a', 2), event('a', 1, 'other')];

test('at most one event per appointment is in flight where the bus takes no runs', () => {
  const versions = nextBatch(pending, false).map(
    (e) => `${e.tenantId}/${e.appointmentId}:${e.version}`,
  );
  assert.deepEqual(versions, ['default/a:1', 'default/b:1', 'other/a:1']);
});

test('a bus that takes runs gets all pending events of an appointment in their order', () => {
  assert.deepEqual(nextBatch(pending, true), pending);
});
