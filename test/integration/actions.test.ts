import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { customer, openApi, type ApiAnswer, type ApiFixture } from '../support/api-fixture.ts';

let api: ApiFixture;

before(async () => {
  api = await openApi();
  await api.store.query(`INSERT INTO locations (tenant_id, location_id, name, time_zone, region)
    VALUES ('default', 'north', 'North', 'UTC', 'default'),
      ('default', 'twin-a', 'Twin', 'UTC', 'default'),
      ('default', 'twin-b', 'Twin', 'UTC', 'default');
    UPDATE tenants SET catalogue_version = catalogue_version + 1`);
});

after(() => api.close());

const slot = { start_time: '2035-03-01T10:00:00Z', end_time: '2035-03-01T10:30:00Z' };
const later = { start_time: '2035-03-01T11:00:00.000Z', end_time: '2035-03-01T11:30:00Z' };

type State = 'INIT' | 'SCHEDULED' | 'CONFIRMED' | 'IN_PROGRESS' | 'COMPLETED';

/** An appointment in that state; but in INIT nothing about it is undecided. */
async function booked(state: State, changes: Record<string, unknown> = {}): Promise<string> {
  const body = { idempotency_key: randomUUID(), customer_id: randomUUID(), slot, ...changes };
  const { body: made } = await api.request({
    route: 'POST /v1/appointments',
    body: { service_type: 'consultation', ...body },
  });
  const id = String(made['id']);
  if (state !== 'INIT') {
    await api.store.query(
      `UPDATE commands SET state = 'applied', decided_at = now() WHERE appointment_id = $1`,
      [id],
    );
    await api.store.query(
      `UPDATE appointments SET state = $2, version = 2 WHERE appointment_id = $1`,
      [id, state],
    );
  }
  return id;
}

interface Asked {
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
  as?: ReturnType<typeof customer>;
}

function patch(id: string, body: Record<string, unknown>, more: Asked = {}): Promise<ApiAnswer> {
  return api.request({
    route: 'PATCH /v1/appointments/:id',
    params: { id },
    ...more,
    body: { idempotency_key: randomUUID(), ...body },
  });
}

function act(action: string, id: string, more: Asked = {}): Promise<ApiAnswer> {
  return api.request({
    route: `POST /v1/appointments/:id/${action}`,
    params: { id },
    ...more,
    body: { idempotency_key: randomUUID(), ...more.body },
  });
}

async function recorded(answer: ApiAnswer): Promise<Record<string, unknown>> {
  const [row] = await api.store.query(
    'SELECT operation, payload, if_match, region, state FROM commands WHERE command_id = $1',
    [answer.headers?.['command-id']],
  );
  return row ?? {};
}

test('a change is recorded as what is kept, what is set and what is cleared', async () => {
  const id = await booked('CONFIRMED', { location: 'North', metadata: { a: 1 } });
  const all = await patch(id, { slot: later, location: 'twin-a', metadata: { b: [1, null] } });
  assert.equal(all.status, 202, JSON.stringify(all.body));
  assert.deepEqual(await recorded(all), {
    operation: 'update',
    payload: {
      slot: { start: 2056359600, end: 2056361400 },
      location: { text: 'twin-a', known: true },
      metadata: '{"b":[1,null]}',
    },
    if_match: null,
    region: 'default',
    state: 'pending',
  });
  assert.deepEqual(
    [all.headers?.['etag'], all.body['version'], all.headers?.['location']],
    ['"2"', 2, `/v1/appointments/${id}`],
  );
  const payloads: [Record<string, unknown>, object][] = [
    [{}, {}],
    [{ metadata: null }, { metadata: null }],
    [{ metadata: {} }, { metadata: null }],
    [{ location: null }, { location: { text: null, known: false } }],
    [{ location: 'North' }, { location: { text: 'north', known: true } }],
    [{ location: 'Under the oak' }, { location: { text: 'Under the oak', known: false } }],
  ];
  for (const [body, payload] of payloads) {
    const answer = await patch(id, body);
    assert.equal(answer.status, 202);
    assert.deepEqual((await recorded(answer))['payload'], payload);
    const isFree = body['location'] === 'Under the oak';
    assert.equal(answer.body['warnings'] === null, !isFree, JSON.stringify(body));
  }
});

test('equal changes under one key are one, however they are written', async () => {
  const id = await booked('CONFIRMED');
  const key = randomUUID();
  const first = await patch(id, { idempotency_key: key, slot: later, metadata: { b: 1, a: 2 } });
  const again = await patch(id.toUpperCase(), {
    idempotency_key: key,
    slot: { ...later, start_time: '2035-03-01T11:00:00Z' },
    metadata: { a: 2, b: 1 },
  });
  assert.deepEqual([first.status, again.status], [202, 202]);
  assert.equal(again.headers?.['idempotency-replayed'], 'true');
  assert.equal(again.headers['command-id'], first.headers?.['command-id']);
  const others = [
    { slot: later },
    { slot: later, metadata: null },
    { slot: later, metadata: { b: 1, a: 2 }, location: null },
  ];
  for (const body of others) {
    const other = await patch(id, { idempotency_key: key, ...body });
    assert.deepEqual([other.status, other.body['code']], [422, 'idempotency-key-reused']);
  }
  const elsewhere = await patch(await booked('CONFIRMED'), {
    ...{ idempotency_key: key, slot: later, metadata: { b: 1, a: 2 } },
  });
  assert.equal(elsewhere.body['code'], 'idempotency-key-reused');
  // The scope of a key is the route as well.
  assert.equal((await act('cancel', id, { body: { idempotency_key: key } })).status, 202);
});

test('null and empty metadata are equal, an absent one is not', async () => {
  const id = await booked('CONFIRMED');
  const key = randomUUID();
  await patch(id, { idempotency_key: key, metadata: null });
  const empty = await patch(id, { idempotency_key: key, metadata: {} });
  assert.equal(empty.headers?.['idempotency-replayed'], 'true');
  assert.equal((await patch(id, { idempotency_key: key })).status, 422);
});

test('rules of clock and catalogue come after a replay and before version and state', async () => {
  const id = await booked('COMPLETED');
  const past = { start_time: '2020-03-01T10:00:00Z', end_time: '2020-03-01T11:00:00Z' };
  const both = await patch(
    id,
    { slot: past, location: 'Twin' },
    { headers: { 'if-match': '"7"' } },
  );
  assert.equal(both.status, 422);
  const errors = both.body['errors'] as { pointer: string; code: string }[];
  assert.deepEqual(
    errors.map(({ pointer, code }) => [pointer, code]),
    [
      ['/location', 'ambiguous-location'],
      ['/slot/end_time', 'slot-in-the-past'],
    ],
  );
  const missing = await patch(randomUUID(), { slot: past });
  assert.equal(missing.status, 404);

  const open = await booked('CONFIRMED');
  const key = randomUUID();
  const first = await patch(open, { idempotency_key: key, location: 'Twin Peaks' });
  await api.store.query(`UPDATE tenants SET settings = '{"unknown_locations": "reject"}',
    catalogue_version = catalogue_version + 1`);
  try {
    const refused = await patch(open, { location: 'Twin Peaks' });
    assert.deepEqual([refused.status, refused.body['code']], [422, 'unknown-location']);
    const again = await patch(open, { idempotency_key: key, location: 'Twin Peaks' });
    assert.equal(again.headers?.['command-id'], first.headers?.['command-id']);
  } finally {
    await api.store.query(`UPDATE tenants SET settings = '{}',
      catalogue_version = catalogue_version + 1`);
  }
});

test('a new slot is taken in where the state lets it change, or may come to', async () => {
  const changes = { slot: later };
  for (const state of ['SCHEDULED', 'CONFIRMED', 'INIT'] as const) {
    assert.equal((await patch(await booked(state), changes)).status, 202, state);
  }
  const started = await booked('IN_PROGRESS');
  const refused = await patch(started, changes);
  assert.deepEqual(
    [refused.status, refused.body['code'], refused.body['state'], refused.body['allowed']],
    [409, 'illegal-transition', 'IN_PROGRESS', ['update', 'cancel', 'complete', 'fail']],
  );
  // What it has already is no change, and metadata may change.
  assert.equal((await patch(started, { slot, metadata: { a: 1 } })).status, 202);
  // Now something is undecided: the owner of the region has the last word.
  assert.equal((await patch(started, changes)).status, 202);
  assert.equal((await patch(await booked('COMPLETED'), {})).status, 409);
});

test('every action is taken in from its states, and refused in others at once', async () => {
  const table: Record<string, State[]> = {
    cancel: ['INIT', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'],
    start: ['CONFIRMED'],
    complete: ['IN_PROGRESS'],
    fail: ['INIT', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'],
  };
  const states = ['SCHEDULED', 'CONFIRMED', 'IN_PROGRESS', 'COMPLETED'] as const;
  for (const [action, from] of Object.entries(table)) {
    for (const state of states) {
      const answer = await act(action, await booked(state), { body: { reason: 'no show' } });
      const expected = from.includes(state) ? 202 : 409;
      assert.equal(answer.status, expected, `${action} in ${state}`);
      if (expected === 409) assert.equal(answer.body['code'], 'illegal-transition');
      else {
        const { operation, payload } = await recorded(answer);
        assert.deepEqual(
          { operation, payload },
          { operation: action, payload: { reason: 'no show' } },
        );
      }
    }
    // A create that is undecided may still lead there.
    assert.equal((await act(action, await booked('INIT'))).status, 202, `${action} in INIT`);
  }
});

test('If-Match is checked for every change when it is taken in', async () => {
  const id = await booked('CONFIRMED');
  const stale = await patch(id, { metadata: { a: 1 } }, { headers: { 'if-match': '"1"' } });
  assert.deepEqual([stale.status, stale.body['code']], [412, 'version-conflict']);
  assert.equal(stale.headers?.['etag'], '"2"');
  const weak = await act('start', id, { headers: { 'if-match': 'W/"2"' } });
  assert.equal(weak.status, 412);
  const bad = await act('start', id, { headers: { 'if-match': '2' } });
  assert.deepEqual([bad.status, bad.body['code']], [400, 'malformed-header']);
  const good = await act('start', id, { headers: { 'if-match': '"2"' } });
  assert.equal(good.status, 202);
  assert.equal((await recorded(good))['if_match'], 2);
});

test("another customer's appointment is not found, one's own may be changed", async () => {
  const mine = randomUUID();
  const id = await booked('CONFIRMED', { customer_id: mine });
  const key = randomUUID();
  assert.equal((await patch(id, { slot: later }, { as: customer(randomUUID()) })).status, 404);
  const body = { idempotency_key: key, slot: later };
  assert.equal((await patch(id, body, { as: customer(mine) })).status, 202);
  assert.equal((await patch(id, body, { as: customer(randomUUID()) })).status, 404);
  for (const action of ['start', 'complete', 'fail']) {
    const { scopes } = api.route(`POST /v1/appointments/:id/${action}`);
    assert.deepEqual(scopes, ['appointments:write']);
  }
});

test('a timeline names who acted: to staff by key, to the customer by kind alone', async () => {
  const mine = randomUUID();
  const id = await booked('CONFIRMED', { customer_id: mine });
  await act('start', id);
  await act('cancel', id, { as: customer(mine) });
  const actors = async (as?: Asked['as']): Promise<unknown[]> => {
    const route = 'GET /v1/appointments/:id/timeline';
    const { body } = await api.request({ route, params: { id }, ...(as && { as }) });
    const items = body['items'] as { kind: string; actor: string }[];
    return items.filter(({ kind }) => kind === 'command').map(({ actor }) => actor);
  };
  assert.deepEqual(await actors(), ['key:test', 'key:test', `customer:${mine}`]);
  assert.deepEqual(await actors(customer(mine)), ['key', 'key', 'customer']);
});

test('a create goes to the region of its location, of its resource, or the first', async () => {
  await api.store.query(`INSERT INTO regions (tenant_id, region) VALUES ('default', 'a-west');
    INSERT INTO locations (tenant_id, location_id, name, time_zone, region)
      VALUES ('default', 'west', 'West', 'UTC', 'a-west');
    INSERT INTO resources (tenant_id, resource_id, region, name, service_types, locations,
      time_zone, working_hours) VALUES ('default', 'ruth', 'default', 'Ruth', '{consultation}',
      '{north}', 'UTC', '[]');
    UPDATE tenants SET catalogue_version = catalogue_version + 1`);
  const regions: [Record<string, unknown>, string][] = [
    [{ location: 'west' }, 'a-west'],
    [{ resource_id: 'ruth' }, 'default'],
    [{ location: 'West', resource_id: 'ruth' }, 'a-west'],
    [{}, 'a-west'],
  ];
  for (const [changes, region] of regions) {
    const [row] = await api.store.query(
      `SELECT a.region, c.region AS asked
      FROM appointments a JOIN commands c USING (appointment_id) WHERE a.appointment_id = $1`,
      [await booked('INIT', changes)],
    );
    assert.deepEqual(row, { region, asked: region });
  }
});
