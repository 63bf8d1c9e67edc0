import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  booking,
  contractSuite,
  freshHour,
  keyed,
  person,
  type HttpCall,
} from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';

const allScopes = [
  ...['appointments:read', 'appointments:write', 'appointments:self', 'catalogue:write'],
  ...['events:read', 'admin'],
];
/** By scope, a key that has no other. */
const keys: Record<string, string> = {};

const contract = contractSuite(1, async ({ addKey }) => {
  for (const scope of allScopes) keys[scope] = await addKey({ scopes: [scope] });
});
const { send } = contract;

const open = ['/openapi.json', '/asyncapi.json', '/docs', '/problems/forbidden', '/healthz'];

test(
  'Without credentials: `/openapi.json`, `/asyncapi.json`, `/docs`, `/problems/*`, health; all ' +
    'else is 401',
  async () => {
    for (const path of [...open, '/readyz', '/']) {
      assert.ok((await send(`GET ${path}`, { key: null })).status < 400, path);
    }
    const { body } = await send('GET /openapi.json', { key: null });
    assert.equal(body['openapi'], '3.1.1');
    const paths = body['paths'] as Record<string, Record<string, { security: unknown[] }>>;
    let closed = 0;
    for (const [template, operations] of Object.entries(paths)) {
      for (const [verb, { security }] of Object.entries(operations)) {
        assert.equal(security.length > 0, template.startsWith('/v1/'), template);
        if (security.length === 0) continue;
        const call = `${verb.toUpperCase()} ${template.replaceAll(/\{\w+\}/g, 'x')}`;
        assert.equal((await send(call, { key: null })).status, 401, call);
        closed += 1;
      }
    }
    assert.ok(closed > 25);
  },
);

/** What the contract grants; `*` stands for an id. */
const granted: [scope: string, calls: string[]][] = [
  [
    'appointments:read',
    [
      ...['GET /v1/appointments', 'GET /v1/appointments/*', 'GET /v1/appointments/*/timeline'],
      ...['GET /v1/commands/*', 'GET /v1/availability', 'GET /v1/customers', 'GET /v1/customers/*'],
      ...['GET /v1/service-types', 'GET /v1/service-types/*', 'GET /v1/locations'],
      ...['GET /v1/locations/*', 'GET /v1/resources', 'GET /v1/resources/*'],
    ],
  ],
  [
    'appointments:write',
    [
      ...['POST /v1/appointments', 'PATCH /v1/appointments/*', 'POST /v1/appointments/*/cancel'],
      ...['POST /v1/appointments/*/start', 'POST /v1/appointments/*/complete'],
      'POST /v1/appointments/*/fail',
    ],
  ],
  [
    'catalogue:write',
    [
      ...['PUT /v1/service-types/*', 'PUT /v1/locations/*', 'PUT /v1/resources/*'],
      ...['PUT /v1/customers/*', 'DELETE /v1/service-types/*', 'DELETE /v1/locations/*'],
      ...['DELETE /v1/resources/*', 'POST /v1/resources/*/absences'],
      ...['GET /v1/resources/*/absences', 'GET /v1/resources/*/absences/*'],
      'DELETE /v1/resources/*/absences/*',
    ],
  ],
  ['events:read', ['GET /v1/events']],
];

test(
  'Scopes: `appointments:read`, `appointments:write`, `catalogue:write`, `events:read`; ' +
    'catalogue reads and availability: `appointments:read`; absences `catalogue:write`',
  async () => {
    for (const [scope, calls] of granted) {
      for (const call of calls) {
        for (const other of allScopes) {
          // Nothing is there, and no body is sent: whoever may ask at all hears of that.
          const { status } = await send(call.replaceAll('*', randomUUID()), { key: keys[other]! });
          assert.equal(status !== 403, other === scope, `${call} with ${other}: ${status}`);
          assert.notEqual(status, 401);
        }
      }
    }
  },
);

test('the document names for each call the scopes that suffice', async () => {
  const { body } = await send('GET /openapi.json', { key: null });
  const paths = body['paths'] as Record<string, Record<string, { 'x-scopes'?: string[] }>>;
  for (const [scope, calls] of granted) {
    for (const call of calls) {
      const [method = '', path = ''] = call.split(' ');
      const template = Object.keys(paths).find(
        (known) => known.replaceAll(/\{\w+\}/g, '*') === path,
      );
      const operation = paths[template ?? '']?.[method.toLowerCase()];
      assert.ok(operation?.['x-scopes']?.includes(scope), call);
    }
  }
});

test('a key with several scopes may do what any of them allows', async () => {
  const key = await contract.addKey({ scopes: ['events:read', 'appointments:write'] });
  assert.equal((await send('GET /v1/events', { key })).status, 200);
  assert.equal((await send('POST /v1/appointments', { key, body: booking() })).status, 202);
  assert.equal((await send('GET /v1/locations', { key })).status, 403);
});

test('Authorisation is checked again before a replay', async () => {
  const body = booking();
  const key = await contract.addKey({ scopes: ['appointments:write'] });
  const first = await send('POST /v1/appointments', { body, key });
  assert.equal(first.status, 202);
  assert.equal((await send('POST /v1/appointments', { body, key })).body['id'], first.body['id']);
  for (const scope of ['appointments:read', 'events:read', 'catalogue:write']) {
    const other = await send('POST /v1/appointments', { body, key: keys[scope]! });
    assert.equal(other.status, 403);
  }
  await contract.database.query(
    `UPDATE api_keys SET revoked_at = now() WHERE hash = sha256($1::bytea)`,
    [Buffer.from(key)],
  );
  await eventually(async () => {
    const { status, body: refused } = await send('POST /v1/appointments', { body, key });
    return status === 401 && refused['id'] === undefined;
  });
});

test("Someone else's appointment, or one of another tenant: 404", async () => {
  await contract.addTenant('other');
  const scopes = allScopes.filter((scope) => scope !== 'appointments:self');
  const key = await contract.addKey({ scopes, tenant: 'other' });
  const body = booking();
  const made = await send('POST /v1/appointments', { body, wait: 20 });
  const path = `/v1/appointments/${String(made.body['id'])}`;
  const command = String(made.headers.get('command-id'));
  const calls: [string, HttpCall?][] = [
    [`GET ${path}`],
    [`GET ${path}/timeline`],
    [`GET /v1/commands/${command}`],
    [`PATCH ${path}`, { body: keyed({ metadata: { a: 1 } }) }],
    ...['cancel', 'start', 'complete', 'fail'].map((action): [string, HttpCall] => [
      `POST ${path}/${action}`,
      { body: keyed({ reason: 'x' }) },
    ]),
    ['GET /v1/resources/r0'],
    ['DELETE /v1/resources/r0'],
    ['GET /v1/locations/here'],
    ['POST /v1/resources/r0/absences', { body: keyed(freshHour()) }],
    ['GET /v1/resources/r0/absences'],
  ];
  for (const [call, options] of calls) {
    const answer = await send(call, { ...options, key });
    assert.deepEqual([answer.status, answer.body['code']], [404, 'not-found'], call);
  }
  for (const list of ['appointments', 'locations', 'resources', 'customers', 'events']) {
    const { body: page } = await send(`GET /v1/${list}`, { key });
    assert.deepEqual(page['items'], [], list);
  }
  const { body: unchanged } = await send(`GET ${path}`);
  assert.ok(['SCHEDULED', 'CONFIRMED'].includes(String(unchanged['state'])));
});

test('Scope of a key: tenant; both tenants use theirs without seeing the other', async () => {
  await contract.addTenant('second');
  const scopes = ['appointments:read', 'appointments:write', 'catalogue:write'];
  const key = await contract.addKey({ scopes, tenant: 'second' });
  for (const path of ['/v1/locations/here', '/v1/resources/r0']) {
    const body = path.includes('locations') ? { name: 'There', time_zone: 'UTC' } : person();
    // Its region is found by the engine within a moment.
    const put = await eventually(async () => {
      const answer = await send(`PUT ${path}`, { body, key });
      return answer.status === 503 ? undefined : answer;
    }, 20_000);
    assert.equal(put.status, 201, put.text);
  }
  const body = booking({ resource_id: 'r0' });
  const here = await send('POST /v1/appointments', { body, wait: 20 });
  const there = await send('POST /v1/appointments', { body, key, wait: 20 });
  assert.deepEqual([here.status, there.status], [201, 201], there.text);
  assert.notEqual(here.body['id'], there.body['id']);
  assert.equal((await send('GET /v1/locations/here')).body['name'], 'Here');
});

test('the use of a key is written down, off the path of the request', async () => {
  const key = await contract.addKey({ scopes: ['appointments:read'] });
  const onKey = (sql: string) =>
    contract.database.query<{ fresh: boolean | null }>(`${sql} WHERE hash = sha256($1::bytea)`, [
      Buffer.from(key),
    ]);
  const isFresh = async (): Promise<unknown> =>
    (await onKey(`SELECT last_used_at > now() - interval '1 minute' AS fresh FROM api_keys`))[0]
      ?.fresh;
  assert.equal(await isFresh(), null);
  assert.equal((await send('GET /v1/locations', { key })).status, 200);
  await eventually(isFresh);
  await onKey(`UPDATE api_keys SET last_used_at = now() - interval '61 seconds'`);
  await eventually(async () => {
    await send('GET /v1/locations', { key });
    return isFresh();
  });
});
