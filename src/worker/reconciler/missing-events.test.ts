import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Appointment } from '../../domain/appointment.ts';
import type { TrailRow } from '../../store/write/repair-events.ts';
import { missingEvents } from './missing-events.ts';

const latest: Appointment = {
  ...{ tenantId: 'default', id: '01a21102-99ad-74c8-99b4-75a28ef717c1', version: 3 },
  ...{ state: 'SCHEDULED', customerId: 'c0000000-0000-4000-8000-000000000000' },
  ...{ start: 1_893_495_600, end: 1_893_499_200, serviceType: 'consultation' },
  ...{ location: 'here', locationKnown: true, requestedResourceId: null, resourceId: 'b' },
  ...{ region: 'default', metadata: '{"a":1}', reason: null, proof: null },
  ...{ createdAt: 1_800_000_000, updatedAt: 1_800_000_200 },
};

function row(changes: Partial<TrailRow>): TrailRow {
  return {
    ...{ version: 3, to_state: 'SCHEDULED', cause: 'reschedule', reason: null },
    ...{ start_s: latest.start, end_s: latest.end, location: 'here', resource_id: 'b' },
    ...{ region: 'default', position: 7, actor: 'key:test', request_id: null, command_id: null },
    ...{ traceparent: null, at_s: latest.updatedAt, has_event: false },
    ...changes,
  };
}

const scheduled = row({
  ...{ version: 2, cause: 'schedule', resource_id: 'a', position: 5, at_s: 1_800_000_100 },
  ...{ start_s: latest.start - 3_600, end_s: latest.end - 3_600, has_event: true },
});

const told = (trail: TrailRow[]): Record<string, unknown>[] =>
  (missingEvents(latest, trail) ?? []).map(({ event }) => {
    return JSON.parse(event) as Record<string, unknown>;
  });

test('an event tells the hold and what was before, as its history has them', () => {
  const [event, ...more] = told([row({}), scheduled]);
  assert.equal(more.length, 0);
  assert.equal(event?.['type'], 'appointment.rescheduled.v1');
  assert.deepEqual([event['region'], event['position']], ['default', 7]);
  const { previous } = event['data'] as { previous: object };
  assert.deepEqual(previous, {
    slot: { start_time: '2030-01-01T10:00:00Z', end_time: '2030-01-01T11:00:00Z' },
    resource_id: 'a',
  });
});

test('versions before the latest are told as they were', () => {
  const events = told([row({}), { ...scheduled, has_event: false }]);
  const [first] = events;
  assert.deepEqual(
    events.map(({ type, sequence }) => [type, sequence]),
    [
      ['appointment.scheduled.v1', 2],
      ['appointment.rescheduled.v1', 3],
    ],
  );
  const { slot, updated_at } = first?.['data'] as { slot: object; updated_at: string };
  assert.deepEqual(slot, {
    start_time: '2030-01-01T10:00:00Z',
    end_time: '2030-01-01T11:00:00Z',
  });
  assert.equal(updated_at, '2027-01-15T08:01:40Z');
});

test('nothing is written behind an event, nor past a version whose history is missing', () => {
  const versions = (trail: TrailRow[]) =>
    missingEvents(latest, trail)?.map(({ version }) => version);
  const created = row({ version: 1, cause: 'create', to_state: 'INIT' });
  assert.deepEqual(versions([row({}), scheduled, created]), [3]);
  assert.deepEqual(versions([row({ cause: 'update' }), created]), [3]);
});

test('what the history does not tell is not made up', () => {
  assert.equal(missingEvents(latest, []), undefined, 'no history at all');
  assert.equal(missingEvents(latest, [scheduled]), undefined, 'none of the latest version');
  assert.equal(missingEvents(latest, [row({ cause: 'import' })]), undefined, 'not one of ours');
  assert.equal(missingEvents(latest, [row({})]), undefined, 'what was before is not known');
});
