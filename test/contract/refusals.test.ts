import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  booking,
  contractSuite,
  everyDay,
  freshHour,
  keyed,
  person,
  type HttpAnswer,
} from '../support/contract-service.ts';

const contract = contractSuite(1);
const { send } = contract;

interface Place {
  resource_id: string;
  start_time: string;
  end_time: string;
}

const wanted = (changes: Record<string, unknown>): Promise<HttpAnswer> =>
  send('POST /v1/appointments', { body: booking(changes), wait: 20 });

async function refusedFor(changes: Record<string, unknown>): Promise<unknown[]> {
  const { status, body } = await wanted(changes);
  const read = await send(`GET /v1/appointments/${String(body['appointment_id'])}`);
  assert.deepEqual([read.body['state'], read.body['reason']], ['FAILED', body['reason']]);
  return [status, body['code'], body['reason'], body['proof']];
}

const because = (reason: string, proof: string): unknown[] => [
  ...[409, 'slot-unavailable', reason, proof],
];

test('`reason`: from the engine `no-capable-resource`', async () => {
  const expected = because('no-capable-resource', 'rule');
  assert.deepEqual(await refusedFor({ service_type: 'pickup' }), expected);
  await contract.put('/v1/locations/empty', { name: 'Empty', time_zone: 'UTC' });
  assert.deepEqual(await refusedFor({ location: 'empty' }), expected);
  assert.deepEqual(await refusedFor({ location: 'empty', resource_id: 'r0' }), expected);
});

test('`reason`: from the engine `resource-inactive`', async () => {
  await contract.put('/v1/service-types/asleep', { name: 'Asleep' });
  await contract.put('/v1/resources/idle', person({ service_types: ['asleep'], active: false }));
  const expected = because('resource-inactive', 'rule');
  assert.deepEqual(await refusedFor({ service_type: 'asleep' }), expected);
});

test('`reason`: from the engine `outside-hours`', async () => {
  await contract.put('/v1/service-types/by-day', { name: 'By day' });
  const working_hours = [{ days: everyDay, start: '08:00', end: '12:00' }];
  const breaks = [{ days: everyDay, start: '10:00', end: '10:30' }];
  const service_types = ['by-day'];
  await contract.put('/v1/resources/day', person({ service_types, working_hours, breaks }));
  const day = freshHour().start_time.slice(0, 10);
  const at = (start: string, end: string) => ({
    ...{ service_type: 'by-day' },
    slot: { start_time: `${day}T${start}:00Z`, end_time: `${day}T${end}:00Z` },
  });
  const expected = because('outside-hours', 'rule');
  for (const outside of [at('07:30', '08:30'), at('11:30', '12:01'), at('10:29', '10:31')]) {
    assert.deepEqual(await refusedFor(outside), expected);
  }
  for (const inside of [at('08:00', '10:00'), at('10:30', '12:00')]) {
    assert.equal((await wanted(inside)).status, 201);
  }
});

test('`reason`: from the engine `absent`', async () => {
  await contract.put('/v1/service-types/rare', { name: 'Rare' });
  await contract.put('/v1/resources/ill', person({ service_types: ['rare'] }));
  const slot = freshHour();
  const added = await send('POST /v1/resources/ill/absences', { body: keyed(slot) });
  assert.equal(added.status, 201, added.text);
  assert.deepEqual(await refusedFor({ service_type: 'rare', slot }), because('absent', 'rule'));
});

test('`reason`: from the engine `no-room`, with the bookings in the way', async () => {
  const slot = freshHour();
  assert.equal((await wanted({ slot })).status, 201);
  const [status, code, reason, proof] = await refusedFor({ slot });
  assert.deepEqual([status, code, reason], [409, 'slot-unavailable', 'no-room']);
  assert.ok(['clique', 'solver', 'budget'].includes(String(proof)));
  const { body } = await wanted({ slot });
  assert.deepEqual(body['conflicts'], [{ resource_id: 'r0', ...slot }]);
});

test('of several that stand in the way the reason is that of the one that came closest', async () => {
  await contract.put('/v1/service-types/two', { name: 'Two' });
  const service_types = ['two'];
  await contract.put('/v1/resources/never', person({ service_types, active: false }));
  await contract.put('/v1/resources/booked', person({ service_types }));
  const slot = freshHour();
  assert.equal((await wanted({ service_type: 'two', slot })).status, 201);
  assert.equal((await refusedFor({ service_type: 'two', slot }))[2], 'no-room');
});

test('up to 3 `alternatives[]`: all of them can be had, one beside the other', async () => {
  await contract.put('/v1/service-types/sought', { name: 'Sought' });
  await contract.put('/v1/resources/sought', person({ service_types: ['sought'] }));
  const service_type = 'sought';
  const slot = freshHour();
  assert.equal((await wanted({ service_type, slot })).status, 201);
  const { body } = await wanted({ service_type, slot });
  const alternatives = body['alternatives'] as Place[];
  assert.equal(alternatives.length, 3, JSON.stringify(alternatives));
  for (const { resource_id, ...free } of alternatives) {
    assert.equal(Date.parse(free.end_time) - Date.parse(free.start_time), 3_600_000);
    const had = await wanted({ service_type, slot: free, resource_id });
    assert.equal(had.status, 201, had.text);
  }
});

test('a refusal without a way out proposes nothing', async () => {
  const { body } = await wanted({ service_type: 'pickup' });
  assert.deepEqual([body['alternatives'], body['conflicts']], [[], []]);
});
