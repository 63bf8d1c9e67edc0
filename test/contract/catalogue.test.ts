import assert from 'node:assert/strict';
import { test } from 'node:test';
import { booking, contractSuite, freshHour, keyed, person } from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';

const contract = contractSuite(3);
const { send } = contract;

const path = '/v1/resources/r0/absences';

test(
  'POST /v1/resources/{id}/absences answers 201 `{id, …, moved[], unresolved[]}`, and who ' +
    'is absent cannot be booked',
  async () => {
    const times = freshHour();
    const body = keyed({ ...times, reason: 'training' });
    const made = await send(`POST ${path}`, { body });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, created_at, ...rest } = made.body;
    assert.equal(typeof created_at, 'string');
    assert.deepEqual(rest, {
      ...{ resource_id: 'r0', ...times, reason: 'training' },
      ...{ moved: [], unresolved: [] },
    });
    assert.equal(made.headers.get('location'), `${path}/${String(id)}`);
    const refused = await send('POST /v1/appointments', {
      ...{ body: booking({ slot: times, resource_id: 'r0' }), wait: 20 },
    });
    assert.deepEqual([refused.status, refused.body['reason']], [409, 'absent']);
    const again = await send(`POST ${path}`, { body });
    assert.deepEqual([again.status, again.body], [200, made.body]);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');

    const listed = await send(`GET ${path}?limit=200`);
    const ids = (listed.body['items'] as { id: string }[]).map((item) => item.id);
    assert.ok(ids.includes(String(id)));
    for (let times_ = 0; times_ < 2; times_ += 1) {
      assert.equal((await send(`DELETE ${path}/${String(id)}`)).status, 204);
    }
    assert.equal((await send(`GET ${path}/${String(id)}`)).status, 404);
    const free = await send('POST /v1/appointments', {
      ...{ body: booking({ slot: times, resource_id: 'r0' }), wait: 20 },
    });
    assert.equal(free.status, 201, JSON.stringify(free.body));
  },
);

interface Unresolved {
  appointment_id: string;
  proposals: { resource_id: string; start_time: string; end_time: string }[];
}

test('`?dry_run=true` previews (200). What cannot be moved stays where it is, listed', async () => {
  const booked = await contract.confirmed({ resource_id: 'r0' });
  const body = keyed(booked['slot'] as object);
  const preview = await send(`POST ${path}?dry_run=true`, { body });
  assert.equal(preview.status, 200, JSON.stringify(preview.body));
  const listed = await send(`GET ${path}?limit=200`);
  const made = await send(`POST ${path}`, { body });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const [found] = made.body['unresolved'] as Unresolved[];
  assert.equal(found?.appointment_id, booked['id']);
  for (const { resource_id, start_time, end_time } of found?.proposals ?? []) {
    assert.ok(resource_id !== '' && start_time < end_time);
  }
  assert.deepEqual(preview.body['unresolved'], made.body['unresolved']);
  assert.deepEqual(preview.body['moved'], made.body['moved']);
  const after = await send(`GET ${path}?limit=200`);
  const count = (answer: typeof after): number => (answer.body['items'] as object[]).length;
  assert.equal(count(after), count(listed) + 1);
  const { body: still } = await send(`GET /v1/appointments/${String(booked['id'])}`);
  assert.deepEqual([still['state'], still['resource_id']], ['CONFIRMED', 'r0']);
});

test('`DELETE` 204 deactivates', async () => {
  await send('PUT /v1/resources/leaver', { body: person() });
  assert.equal((await send('DELETE /v1/resources/leaver')).status, 204);
  const { body } = await send('GET /v1/resources/leaver');
  assert.equal(body['active'], false);
  const asked = await send('POST /v1/appointments', {
    ...{ body: booking({ resource_id: 'leaver' }), wait: 20 },
  });
  assert.deepEqual([asked.status, asked.body['code']], [422, 'unknown-resource']);
  for (const missing of ['resources/nobody', 'locations/nowhere', 'service-types/nothing']) {
    assert.equal((await send(`DELETE /v1/${missing}`)).status, 404);
  }
});

test(
  'One that leaves future bookings without a place is 409 `future-bookings` with ' +
    '`conflicts[]`, unless `?force=true`, which answers as an absence does',
  async () => {
    await send('PUT /v1/resources/busy', { body: person() });
    const booked = await contract.confirmed({ resource_id: 'busy' });
    const never = { working_hours: [{ days: ['mon'], start: '00:00', end: '00:01' }] };
    for (const [call, body] of [
      ['DELETE /v1/resources/busy', undefined],
      ['PUT /v1/resources/busy', person(never)],
    ] as const) {
      const refused = await send(call, { body });
      assert.deepEqual([refused.status, refused.body['code']], [409, 'future-bookings'], call);
      assert.deepEqual(refused.body['conflicts'], [
        { resource_id: 'busy', ...(booked['slot'] as object) },
      ]);
      const { body: stored } = await send('GET /v1/resources/busy');
      assert.equal(stored['active'], true);
      const forced = await send(`${call}?force=true`, { body });
      assert.equal(forced.status, 200, JSON.stringify(forced.body));
      assert.deepEqual(forced.body['moved'], []);
      const [found] = forced.body['unresolved'] as Unresolved[];
      assert.equal(found?.appointment_id, booked['id']);
      assert.equal(await contract.stateOf(booked['id']), 'CONFIRMED');
      assert.equal((await send('PUT /v1/resources/busy', { body: person() })).status, 200);
    }
  },
);

test('all locations in one region (422)', async () => {
  for (const [id, region] of [
    ['east', 'orient'],
    ['west', 'occident'],
  ]) {
    const put = await eventually(async () => {
      const answer = await send(`PUT /v1/locations/${id}`, {
        ...{ body: { name: id, time_zone: 'UTC', region } },
      });
      return answer.status === 503 ? undefined : answer;
    });
    assert.equal(put.status, 201, JSON.stringify(put.body));
    assert.equal(put.body['region'], region);
  }
  const both = person({ locations: ['east', 'west'] });
  const refused = await send('PUT /v1/resources/everywhere', { body: both });
  assert.equal(refused.status, 422);
});

test(
  'Several regions: each books by itself, and a request without a ' + 'location may land in any',
  async () => {
    await eventually(async () => {
      const put = await send('PUT /v1/resources/eve', { body: person({ locations: ['east'] }) });
      assert.ok([200, 201, 503].includes(put.status), JSON.stringify(put.body));
      return put.status !== 503;
    }, 20_000);
    const there = await send('POST /v1/appointments', {
      ...{ body: booking({ location: 'east' }), wait: 20 },
    });
    assert.deepEqual(
      [there.status, there.body['resource_id']],
      [201, 'eve'],
      JSON.stringify(there),
    );
    const asked = await send('POST /v1/appointments', {
      ...{ body: booking({ resource_id: 'eve' }), wait: 20 },
    });
    assert.deepEqual([asked.status, asked.body['resource_id']], [201, 'eve']);
    // More than any one region can take.
    const slot = freshHour();
    const everyone = await Promise.all(
      Array.from({ length: 4 }, () =>
        send('POST /v1/appointments', { body: booking({ slot }), wait: 20 }),
      ),
    );
    assert.deepEqual(
      everyone.map(({ status }) => status),
      [201, 201, 201, 201],
      JSON.stringify(everyone.map(({ body }) => body)),
    );
  },
);

test('lists page as appointments do', async () => {
  const ids: unknown[] = [];
  for (let after = ''; ;) {
    const { body } = await send(`GET /v1/resources?limit=2${after && `&cursor=${after}`}`);
    const items = body['items'] as { id: string }[];
    assert.ok(items.length <= 2);
    ids.push(...items.map(({ id }) => id));
    if (body['next_cursor'] === null) break;
    after = String(body['next_cursor']);
  }
  assert.deepEqual(ids, [...new Set(ids)].toSorted());
  assert.ok(ids.length >= 4);
});
