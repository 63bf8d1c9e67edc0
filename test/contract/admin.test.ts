import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  booking,
  contractSuite,
  instantAt,
  keyed,
  type HttpAnswer,
  type HttpCall,
} from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';

type Json = Record<string, unknown>;

/** Keys with the scope `admin` and no other, of tenant `default` and of another. */
const admin = { key: '' };
const branchAdmin = { key: '' };

const contract = contractSuite(1, async ({ addKey, send }) => {
  admin.key = await addKey({ scopes: ['admin'] });
  const made = await send('PUT /v1/admin/tenants/branch', { body: { name: 'Branch' }, ...admin });
  assert.equal(made.status, 201, made.text);
  branchAdmin.key = await addKey({ scopes: ['admin'], tenant: 'branch' });
});
const { send } = contract;

const at = (daysFromNow: number): string =>
  instantAt(Math.floor(Date.now() / 1_000) * 1_000 + daysFromNow * 86_400_000);
const codes = ({ body }: HttpAnswer): unknown =>
  (body['errors'] as Json[] | undefined)?.map(({ pointer, code }) => [pointer, code]);
const defaults = {
  unknown_locations: 'any',
  stale_calendar: 'open',
  pin_horizon_hours: 24,
  max_moves: 2,
};

function newKey(changes: Json = {}, options: HttpCall = admin): Promise<HttpAnswer> {
  const body = keyed({ tenant: 'default', scopes: ['appointments:read'], ...changes });
  return send('POST /v1/admin/keys', { body, ...options });
}

async function all(path: string, { key }: { key: string }): Promise<Json[]> {
  const items: Json[] = [];
  const separator = path.includes('?') ? '&' : '?';
  for (let cursor: unknown = ''; cursor !== null;) {
    const next = cursor === '' ? '' : `&cursor=${String(cursor)}`;
    const { status, body, text } = await send(`GET ${path}${separator}limit=2${next}`, { key });
    assert.equal(status, 200, text);
    items.push(...(body['items'] as Json[]));
    cursor = body['next_cursor'];
  }
  return items;
}

test('`PUT /v1/admin/tenants/{id}` `{name, settings: {…}}`: 201, then 200; a PUT replaces', async () => {
  const settings = { unknown_locations: 'reject', stale_calendar: 'closed', max_moves: 0 };
  const path = '/v1/admin/tenants/acme.co-1';
  const made = await send(`PUT ${path}`, { body: { name: 'Acme', settings }, ...admin });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers.get('location'), path);
  const { created_at: createdAt, ...rest } = made.body;
  const whole = { ...defaults, ...settings };
  assert.deepEqual(rest, { id: 'acme.co-1', name: 'Acme', settings: whole });
  const again = await send(`PUT ${path}`, { body: { name: 'Acme 2' }, ...admin });
  assert.equal(again.status, 200);
  const replaced = { id: 'acme.co-1', name: 'Acme 2', settings: defaults, created_at: createdAt };
  assert.deepEqual(again.body, replaced);
  assert.deepEqual((await send(`GET ${path}`, admin)).body, replaced);
  const listed = await all('/v1/admin/tenants', admin);
  assert.deepEqual(
    listed.map(({ id }) => id),
    ['acme.co-1', 'branch', 'default'],
  );
  assert.deepEqual(listed[0], replaced);
});

test('settings are checked: 422, all violations at once', async () => {
  const settings = {
    ...{ unknown_locations: 'some', stale_calendar: 'ajar', pin_horizon_hours: -1, max_moves: 1.5 },
    more: 1,
  };
  const body = { name: '', settings, id: 'acme' };
  const answer = await send('PUT /v1/admin/tenants/checked', { body, ...admin });
  assert.equal(answer.status, 422);
  const pointers = (codes(answer) as [string][]).map(([pointer]) => pointer);
  assert.deepEqual(pointers.sort(), [
    ...['/id', '/name', '/settings/max_moves', '/settings/more', '/settings/pin_horizon_hours'],
    ...['/settings/stale_calendar', '/settings/unknown_locations'],
  ]);
  assert.equal((await send('GET /v1/admin/tenants/checked', admin)).status, 404);
  for (const id of ['Upper', '-a', 'a'.repeat(65), 'a b', '%00']) {
    const path = `/v1/admin/tenants/${encodeURIComponent(id).replace('%2500', '%00')}`;
    const malformed = await send(`PUT ${path}`, { body: { name: 'A' }, ...admin });
    assert.equal(malformed.status, 404, id);
  }
});

test('a new tenant books: `consultation` and `pickup` exist from the start', async () => {
  const made = await send('PUT /v1/admin/tenants/young', { body: { name: 'Young' }, ...admin });
  assert.equal(made.status, 201);
  const scopes = ['appointments:read', 'appointments:write', 'catalogue:write'];
  const key = String((await newKey({ tenant: 'young', scopes })).body['key']);
  const types = await send('GET /v1/service-types', { key });
  const codesOf = (types.body['items'] as Json[]).map(({ code }) => code);
  assert.deepEqual(codesOf, ['consultation', 'pickup']);
  const place = { name: 'There', time_zone: 'UTC' };
  // Its region is found by the engine within a moment.
  await eventually(async () => {
    const { status } = await send('PUT /v1/locations/there', { body: place, key });
    return status < 300;
  }, 20_000);
  for (const serviceType of codesOf) {
    const body = booking({ service_type: serviceType });
    assert.equal((await send('POST /v1/appointments', { body, key })).status, 202);
  }
});

test(
  'unknown_locations: `any` (default: a free string, stored) or `reject` (422 ' +
    '`unknown-location`), from the answer on',
  async () => {
    const scopes = ['appointments:read', 'appointments:write'];
    const key = String((await newKey({ tenant: 'branch', scopes })).body['key']);
    const book = () =>
      send('POST /v1/appointments', { body: booking({ location: 'the old mill' }), key });
    const settle = async (settings: Json): Promise<void> => {
      const body = { name: 'Branch', settings };
      const put = await send('PUT /v1/admin/tenants/branch', { body, ...branchAdmin });
      assert.equal(put.status, 200, put.text);
    };
    for (let round = 0; round < 2; round += 1) {
      const taken = await book();
      assert.equal(taken.status, 202, taken.text);
      assert.deepEqual(taken.body['location'], 'the old mill');
      await settle({ unknown_locations: 'reject' });
      const refused = await book();
      assert.equal(refused.status, 422, refused.text);
      assert.equal(refused.body['code'], 'unknown-location');
      assert.deepEqual(codes(refused), [['/location', 'unknown-location']]);
      await settle({});
    }
  },
);

test('`POST /v1/admin/keys` → 201 `{id, key}` (shown once; a replay has `key: null`)', async () => {
  const body = keyed({ tenant: 'default', scopes: ['events:read', 'appointments:read'] });
  const made = await send('POST /v1/admin/keys', { body, ...admin });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(Object.keys(made.body).sort(), ['id', 'key']);
  const { id, key } = made.body as { id: string; key: string };
  assert.equal((await send('GET /v1/events', { key })).status, 200);
  assert.equal((await send('POST /v1/appointments', { key, body: booking() })).status, 403);
  // Order says nothing, and neither does an expiry of null.
  const same = { ...body, scopes: ['appointments:read', 'events:read'], expires_at: null };
  for (const replayed of [body, same]) {
    const replay = await send('POST /v1/admin/keys', { body: replayed, ...admin });
    assert.deepEqual([replay.status, replay.body], [200, { id, key: null }]);
    assert.equal(replay.headers.get('idempotency-replayed'), 'true');
  }
  const other = await send('POST /v1/admin/keys', {
    body: { ...body, scopes: ['admin'] },
    ...admin,
  });
  assert.deepEqual([other.status, other.body['code']], [422, 'idempotency-key-reused']);
  const location = made.headers.get('location');
  assert.equal(location, `/v1/admin/keys/${id}`);
  const { body: shown } = await send(`GET ${location}`, admin);
  assert.deepEqual([shown['id'], shown['tenant'], shown['expires_at']], [id, 'default', null]);
  assert.ok(key.startsWith(String(shown['prefix'])));
  const { text } = await send('GET /v1/admin/keys?limit=200', admin);
  assert.ok(!text.includes(key) && text.includes(id), 'a list has no secrets');
});

test('Concurrent duplicates: one effect', async () => {
  const body = keyed({ tenant: 'default', scopes: ['events:read'] });
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => send('POST /v1/admin/keys', { body, ...admin })),
  );
  assert.deepEqual([...new Set(answers.map((answer) => answer.body['id']))].length, 1);
  assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  assert.equal(answers.filter((answer) => answer.body['key'] !== null).length, 1);
});

test('a key expires; one that would have expired already is not made', async () => {
  const past = await newKey({ expires_at: at(-1) });
  assert.deepEqual([past.status, codes(past)], [422, [['/expires_at', 'in-the-past']]]);
  const malformed = await newKey({ expires_at: '2035-02-30T00:00:00Z', scopes: ['root'] });
  assert.equal(malformed.status, 422);
  assert.deepEqual((codes(malformed) as [string][]).map(([pointer]) => pointer).sort(), [
    '/expires_at',
    '/scopes/0',
  ]);
  for (const scopes of [[], ['admin', 'admin'], 'admin']) {
    assert.equal((await newKey({ scopes })).status, 422);
  }
  const expiring = await newKey({ expires_at: at(1) });
  assert.equal(expiring.status, 201);
  const { id, key } = expiring.body as { id: string; key: string };
  assert.equal((await send(`GET /v1/admin/keys/${id}`, admin)).body['expires_at'], at(1));
  assert.equal((await send('GET /v1/locations', { key })).status, 200);
  await contract.database.query('UPDATE api_keys SET expires_at = now() WHERE key_id = $1', [id]);
  await eventually(async () => (await send('GET /v1/locations', { key })).status === 401);
});

test('`DELETE /v1/admin/keys/{id}`: 204, twice is once, and the key is worth nothing', async () => {
  const { id, key } = (await newKey()).body as { id: string; key: string };
  assert.equal((await send('GET /v1/locations', { key })).status, 200);
  for (let times = 0; times < 2; times += 1) {
    const gone = await send(`DELETE /v1/admin/keys/${id}`, admin);
    assert.deepEqual([gone.status, gone.text], [204, '']);
  }
  await eventually(async () => (await send('GET /v1/locations', { key })).status === 401);
  assert.notEqual((await send(`GET /v1/admin/keys/${id}`, admin)).body['revoked_at'], null);
  for (const unknown of [randomUUID(), 'x']) {
    assert.equal((await send(`DELETE /v1/admin/keys/${unknown}`, admin)).status, 404);
  }
});

test('scope `admin`: no other opens what operators do, and it opens nothing else', async () => {
  const scopes = ['appointments:read', 'appointments:write', 'catalogue:write', 'events:read'];
  const key = await contract.addKey({ scopes: [...scopes, 'appointments:self'] });
  const calls = [
    ...['GET /v1/admin/tenants', 'GET /v1/admin/tenants/default', 'PUT /v1/admin/tenants/default'],
    ...['GET /v1/admin/keys', 'POST /v1/admin/keys', `GET /v1/admin/keys/${randomUUID()}`],
    `DELETE /v1/admin/keys/${randomUUID()}`,
  ];
  for (const call of calls) {
    assert.equal((await send(call, { key })).status, 403, call);
    assert.equal((await send(call, { key: null })).status, 401, call);
    assert.notEqual((await send(call, admin)).status, 403, call);
  }
  for (const path of ['appointments', 'locations', 'events', 'customers']) {
    assert.equal((await send(`GET /v1/${path}`, admin)).status, 403, path);
  }
});

test(
  'The admin scope of tenant `default` spans tenants; that of another sees and changes its own ' +
    'only, others are 404',
  async () => {
    const own = await newKey({ tenant: 'branch' }, branchAdmin);
    assert.equal(own.status, 201, own.text);
    const foreign = await newKey();
    const spanning = await newKey({ tenant: 'branch' });
    assert.deepEqual([foreign.status, spanning.status], [201, 201]);
    const tenants = await all('/v1/admin/tenants', branchAdmin);
    assert.deepEqual(
      tenants.map(({ id }) => id),
      ['branch'],
    );
    const seen = await all('/v1/admin/keys', branchAdmin);
    assert.deepEqual([...new Set(seen.map(({ tenant }) => tenant))], ['branch']);
    const ids = seen.map(({ id }) => id);
    assert.ok(ids.includes(own.body['id']) && ids.includes(spanning.body['id']));
    const everything = await all('/v1/admin/keys', admin);
    const tenantsSeen = new Set(everything.map(({ tenant }) => tenant));
    assert.ok(tenantsSeen.has('branch') && tenantsSeen.has('default'));
    assert.deepEqual(await all('/v1/admin/keys?tenant=branch', admin), seen);

    const body = { name: 'Mine' };
    const foreignKey = `/v1/admin/keys/${String(foreign.body['id'])}`;
    const calls: [string, HttpCall?][] = [
      ['GET /v1/admin/tenants/default'],
      ['PUT /v1/admin/tenants/default', { body }],
      ['PUT /v1/admin/tenants/unheard-of', { body }],
      ['GET /v1/admin/keys?tenant=default'],
      [`GET ${foreignKey}`],
      [`DELETE ${foreignKey}`],
      ['POST /v1/admin/keys', { body: keyed({ tenant: 'default', scopes: ['admin'] }) }],
    ];
    for (const [call, options] of calls) {
      const answer = await send(call, { ...options, ...branchAdmin });
      assert.deepEqual([answer.status, answer.body['code']], [404, 'not-found'], call);
    }
    assert.equal((await newKey({ tenant: 'unheard-of' })).status, 404);
    assert.equal((await send('GET /v1/admin/tenants/default', admin)).body['name'], 'Default');
    assert.equal((await send(`GET ${foreignKey}`, admin)).body['revoked_at'], null);
    const end = `DELETE /v1/admin/keys/${String(own.body['id'])}`;
    assert.equal((await send(end, branchAdmin)).status, 204);
    assert.equal(
      (await send(`DELETE /v1/admin/keys/${String(spanning.body['id'])}`, admin)).status,
      204,
    );
  },
);

test('the same idempotency key is another in another tenant', async () => {
  const key = randomUUID();
  const request = { idempotency_key: key, tenant: 'branch', scopes: ['events:read'] };
  const [first, second] = [
    await send('POST /v1/admin/keys', { body: request, ...admin }),
    await send('POST /v1/admin/keys', { body: request, ...branchAdmin }),
  ];
  assert.deepEqual([first.status, second.status], [201, 201]);
  assert.notEqual(first.body['id'], second.body['id']);
});

test('a cursor of one list is good for no other', async () => {
  const { body } = await send('GET /v1/admin/keys?limit=1', admin);
  const cursor = String(body['next_cursor']);
  for (const list of ['tenants', 'keys?tenant=branch']) {
    const mark = list.includes('?') ? '&' : '?';
    const { status } = await send(`GET /v1/admin/${list}${mark}cursor=${cursor}`, admin);
    assert.equal(status, list === 'tenants' ? 400 : 200);
  }
  assert.equal((await send('GET /v1/admin/keys?cursor=x', admin)).body['code'], 'bad-cursor');
  assert.equal((await send('GET /v1/admin/keys?limit=0', admin)).status, 422);
});
