import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { booking, contractSuite, freshHour, keyed, person } from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';

const contract = contractSuite(1);
const { send } = contract;

const withoutStamps = ({ created_at, updated_at, ...rest }: Record<string, unknown>) => {
  assert.ok(String(created_at) <= String(updated_at));
  return rest;
};

test('`PUT /v1/service-types/{code}` `{name, active?, travel?}`: code `[a-z0-9-]{1,64}`', async () => {
  const code = 'x-9'.padEnd(64, '0');
  const made = await send(`PUT /v1/service-types/${code}`, { body: { name: 'X' } });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers.get('location'), `/v1/service-types/${code}`);
  const plain = { code, name: 'X', active: true, travel: false };
  assert.deepEqual(withoutStamps(made.body), plain);
  const body = { name: 'Y', active: false, travel: true };
  const again = await send(`PUT /v1/service-types/${code}`, { body });
  assert.deepEqual([again.status, withoutStamps(again.body)], [200, { code, ...body }]);
  const read = await send(`GET /v1/service-types/${code}`);
  assert.deepEqual(read.body, again.body);
  for (const wrong of ['X', 'x_y', 'x'.repeat(65), 'x.y']) {
    const { status } = await send(`PUT /v1/service-types/${wrong}`, { body: { name: 'X' } });
    assert.equal(status, 404, wrong);
  }
  for (const wrong of [{}, { name: '' }, { name: 'x'.repeat(256) }, { name: 'X', active: 1 }]) {
    assert.equal((await send(`PUT /v1/service-types/${code}`, { body: wrong })).status, 422);
  }
});

test(
  '`PUT /v1/locations/{id}` `{name, time_zone, latitude?, longitude?, region?, active?}`: ' +
    'id `[A-Za-z0-9._-]{1,64}`; region `default`',
  async () => {
    const id = 'A.z_9-'.padEnd(64, 'b');
    const body = { name: 'A', time_zone: 'Europe/Berlin' };
    const made = await send(`PUT /v1/locations/${id}`, { body });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers.get('location'), `/v1/locations/${id}`);
    assert.deepEqual(withoutStamps(made.body), {
      ...{ id, ...body, latitude: null, longitude: null, region: 'default', active: true },
    });
    const full = { ...body, latitude: -90, longitude: 179.5, region: 'north', active: false };
    const again = await send(`PUT /v1/locations/${id}`, { body: full });
    assert.deepEqual([again.status, withoutStamps(again.body)], [200, { id, ...full }]);
    assert.deepEqual((await send(`GET /v1/locations/${id}`)).body, again.body);
    for (const wrong of [
      ...[{ ...body, latitude: 90.1 }, { ...body, longitude: -181 }, { name: 'A' }],
      ...[
        { ...body, region: 'a b' },
        { ...body, time_zone: 'Moon' },
        { ...body, time_zone: '' },
      ],
    ]) {
      assert.equal((await send(`PUT /v1/locations/${id}`, { body: wrong })).status, 422);
    }
  },
);

test('A region is what one engine owns; changing it with future bookings: 409', async () => {
  const place = { name: 'Yard', time_zone: 'UTC' };
  await contract.put('/v1/locations/yard', place);
  await contract.put('/v1/resources/yard', person({ locations: ['yard'] }));
  const booked = await contract.confirmed({ resource_id: 'yard' });
  const body = { ...place, region: 'south' };
  const refused = await send('PUT /v1/locations/yard', { body });
  assert.deepEqual([refused.status, refused.body['code']], [409, 'future-bookings']);
  assert.deepEqual(refused.body['conflicts'], [
    { resource_id: 'yard', ...(booked['slot'] as object) },
  ]);
  assert.equal((await send('GET /v1/locations/yard')).body['region'], 'default');
  const { id } = booked;
  await send(`POST /v1/appointments/${String(id)}/cancel`, { body: keyed(), wait: 20 });
  const used = await send('PUT /v1/locations/yard', { body });
  assert.equal(used.status, 422, 'somebody works there');
  await contract.put('/v1/resources/yard', person({ locations: ['here'] }));
  const moved = await send('PUT /v1/locations/yard', { body });
  assert.deepEqual([moved.status, moved.body['region']], [200, 'south'], moved.text);
});

test(
  '`PUT /v1/customers/{id}` `{name?, email?, phone?, locale?, time_zone?}`: 201 or 200; GET ' +
    'one and list',
  async () => {
    const id = randomUUID();
    const none = { name: null, email: null, phone: null, locale: null, time_zone: null };
    const made = await send(`PUT /v1/customers/${id.toUpperCase()}`, { body: {} });
    assert.deepEqual([made.status, withoutStamps(made.body)], [201, { id, ...none }]);
    assert.equal(made.headers.get('location'), `/v1/customers/${id}`);
    const body = {
      ...{ name: 'Zoë', email: 'zoe@example.com', phone: '+49 30 123-45', locale: 'de-AT' },
      time_zone: 'Europe/Vienna',
    };
    const again = await send(`PUT /v1/customers/${id}`, { body });
    assert.deepEqual([again.status, withoutStamps(again.body)], [200, { id, ...body }]);
    assert.deepEqual((await send(`GET /v1/customers/${id}`)).body, again.body);
    const listed = (await send('GET /v1/customers?limit=200')).body['items'] as { id: string }[];
    assert.ok(listed.some((customer) => customer.id === id));
    for (const wrong of [
      ...[{ email: 'nobody' }, { email: 'a@b\r\nBcc: c@d' }, { locale: 'x' }, { phone: 'call' }],
      ...[{ time_zone: 'Nowhere' }, { name: '' }],
    ]) {
      assert.equal((await send(`PUT /v1/customers/${id}`, { body: wrong })).status, 422);
    }
  },
);

test(
  'optional: an unknown `customer_id` may book; without contact, notifications are recorded ' +
    'as `skipped`',
  async () => {
    const known = randomUUID();
    await contract.put(`/v1/customers/${known}`, { name: 'No contact' });
    for (const customer_id of [randomUUID(), known]) {
      const { id } = await contract.confirmed({ customer_id });
      const notification = await eventually(async () => {
        const { body } = await send(`GET /v1/appointments/${String(id)}/timeline`);
        const items = body['items'] as { kind: string; state: string }[];
        return items.find(({ kind }) => kind === 'notification');
      });
      assert.equal(notification.state, 'skipped');
    }
  },
);

test('`GET` one and list for each; `DELETE` 204 deactivates', async () => {
  await contract.put('/v1/service-types/brief', { name: 'Brief' });
  await contract.put('/v1/locations/brief', { name: 'Brief', time_zone: 'UTC' });
  await contract.put('/v1/resources/brief', person({ service_types: ['brief'] }));
  const codes = {
    resources: 'unknown-resource',
    locations: 'unknown-location',
    'service-types': 'unknown-service-type',
  };
  const body = () =>
    booking({ slot: freshHour(), service_type: 'brief', location: 'brief', resource_id: 'brief' });
  assert.equal((await send('POST /v1/appointments', { body: body() })).status, 202);
  const refused: unknown[] = [];
  for (const [kind, code] of Object.entries(codes)) {
    const path = `/v1/${kind}/brief`;
    const one = await send(`GET ${path}`);
    const { body: list } = await send(`GET /v1/${kind}?limit=200`);
    const isSame = (item: object): boolean => JSON.stringify(item) === one.text;
    assert.ok((list['items'] as object[]).some(isSame), kind);
    for (let times = 0; times < 2; times += 1) {
      const gone = await send(`DELETE ${path}`);
      assert.deepEqual([gone.status, gone.text], [204, ''], kind);
    }
    assert.equal((await send(`GET ${path}`)).body['active'], false);
    refused.push(code);
    const late = await send('POST /v1/appointments', { body: body() });
    const errors = late.body['errors'] as { code: string }[];
    assert.deepEqual(errors.map((error) => error.code).toSorted(), refused.toSorted());
  }
});

test('lists page as appointments do: `limit` 50, a cursor is good for its own list', async () => {
  const puts = Array.from({ length: 60 }, (_, index) =>
    contract.put(`/v1/service-types/many-${index}`, { name: `Many ${index}` }),
  );
  await Promise.all(puts);
  const first = await send('GET /v1/service-types');
  assert.equal((first.body['items'] as object[]).length, 50);
  const cursor = String(first.body['next_cursor']);
  const second = await send(`GET /v1/service-types?cursor=${cursor}`);
  const items = [first, second].flatMap(({ body }) => body['items'] as { code: string }[]);
  const seen = items.map(({ code }) => code);
  assert.equal(new Set(seen).size, seen.length);
  assert.equal(second.body['next_cursor'], null);
  assert.ok(seen.length >= 62);
  for (const list of ['locations', 'resources', 'customers', 'appointments']) {
    const { status, body } = await send(`GET /v1/${list}?cursor=${cursor}`);
    assert.deepEqual([status, body['code']], [400, 'bad-cursor'], list);
  }
});
