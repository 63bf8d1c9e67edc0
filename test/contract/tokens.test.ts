import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import { booking, freshHour, keyed, person } from '../support/contract-service.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startIssuer, type OidcIssuer } from '../support/oidc-issuer.ts';
import { OpenApiCheck } from '../support/openapi-check.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startService, type Service } from '../support/service.ts';

type Json = Record<string, unknown>;

const [customer, other] = [randomUUID(), randomUUID()];
const self = { scope: 'appointments:self', claims: { tenant_id: 'default' } };
const clients = [
  { id: customer, ...self },
  { id: other, ...self },
  { id: 'desk', claims: { tenant_id: 'default', groups: ['dispatcher'] } },
  { id: 'ops', claims: { tenant_id: 'default', groups: ['operator'] } },
  { id: 'branch-ops', claims: { tenant_id: 'branch', groups: ['operator'] } },
  { id: 'branch-desk', claims: { tenant_id: 'branch', groups: ['dispatcher'] } },
];
const agent = new Agent({ keepAlive: true });
const tokens = new Map<string, string>();
let issuer: OidcIssuer;
let database: TestDatabase;
let service: Service;
let check: OpenApiCheck;

before(async () => {
  issuer = await startIssuer(clients, 'bookings');
  for (const { id } of clients) tokens.set(id, await issuer.token(id));
  database = await freshDatabase();
  service = await startService({
    databaseUrl: database.url,
    env: {
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: 'bookings',
      OIDC_TENANT_CLAIM: 'tenant_id',
      OIDC_ROLE_CLAIM: 'groups',
      LOG_LEVEL: 'trace',
    },
  });
  check = await OpenApiCheck.of(service.url);
  await send('PUT /v1/admin/tenants/branch', { as: 'ops', body: { name: 'Branch' } });
  const here = { name: 'Here', time_zone: 'UTC' };
  await eventually(async () => {
    const { status } = await send('PUT /v1/locations/here', { as: 'desk', body: here });
    return status === 201;
  }, 20_000);
  const body = person() as Json;
  assert.equal((await send('PUT /v1/resources/r0', { as: 'desk', body })).status, 201);
});

after(async () => {
  agent.destroy();
  await service.close();
  await database.drop();
  await issuer.goAway();
});

interface Sent {
  /** Whose token; absent: the key of the service. */
  as?: string;
  body?: Json;
}

async function send(
  call: string,
  { as, body }: Sent = {},
): Promise<{ status: number; body: Json }> {
  const [method = '', path = ''] = call.split(' ');
  const credentials = as === undefined ? service.key : tokens.get(as);
  const observed = await rawRequest(service.url, agent, {
    method,
    path,
    headers: {
      authorization: `Bearer ${credentials}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
  });
  check.assert(observed);
  const text = String(observed.body ?? '');
  return { status: observed.status, body: text === '' ? {} : (JSON.parse(text) as Json) };
}

test(
  "a customer's token creates, reads, reschedules and cancels its own, and reads availability; " +
    'it cannot start, complete or fail',
  async () => {
    const as = customer;
    const made = await send('POST /v1/appointments', { as, body: booking({ customer_id: as }) });
    assert.equal(made.status, 202);
    const path = `/v1/appointments/${String(made.body['id'])}`;
    assert.equal((await send(`GET ${path}`, { as })).status, 200);
    const list = await send('GET /v1/appointments', { as });
    assert.deepEqual(
      (list.body['items'] as Json[]).map(({ id }) => id),
      [made.body['id']],
    );
    for (const action of ['start', 'complete', 'fail']) {
      const body = keyed({ reason: 'x' });
      assert.equal((await send(`POST ${path}/${action}`, { as, body })).status, 403, action);
    }
    const slot = freshHour();
    assert.equal((await send(`PATCH ${path}`, { as, body: keyed({ slot }) })).status, 202);
    assert.equal((await send(`POST ${path}/cancel`, { as, body: keyed() })).status, 202);
    const { start_time: from, end_time: to } = slot;
    const asked = `service_type=consultation&from=${from}&to=${to}`;
    assert.equal((await send(`GET /v1/availability?${asked}`, { as })).status, 200);
    assert.equal((await send('GET /v1/events', { as })).status, 403);
    const { body: timeline } = await send(`GET ${path}/timeline`);
    const [first] = timeline['items'] as Json[];
    assert.equal(first?.['actor'], `customer:${customer}`);
  },
);

test("someone else's appointment: 404; a self token that posts another's customer_id: 403", async () => {
  const body = booking({ customer_id: customer });
  const made = await send('POST /v1/appointments', { as: customer, body });
  const path = `/v1/appointments/${String(made.body['id'])}`;
  assert.equal((await send(`GET ${path}`, { as: other })).status, 404);
  assert.equal((await send(`POST ${path}/cancel`, { as: other, body: keyed() })).status, 404);
  assert.deepEqual((await send('GET /v1/appointments', { as: other })).body['items'], []);
  const posted = await send('POST /v1/appointments', { as: other, body });
  assert.deepEqual([posted.status, posted.body['code']], [403, 'forbidden']);
});

test('a role opens what its scopes open, in the tenant of the token and in no other', async () => {
  const body = booking();
  const made = await send('POST /v1/appointments', { as: 'desk', body });
  assert.equal(made.status, 202);
  const path = `/v1/appointments/${String(made.body['id'])}`;
  assert.equal((await send(`GET ${path}`, { as: 'branch-desk' })).status, 404);
  assert.deepEqual((await send('GET /v1/appointments', { as: 'branch-desk' })).body['items'], []);
  assert.equal((await send('POST /v1/appointments', { as: 'ops', body: booking() })).status, 403);
  assert.equal((await send('GET /v1/admin/tenants', { as: 'desk' })).status, 403);
  assert.equal((await send('GET /v1/admin/tenants/branch', { as: 'ops' })).status, 200);
  assert.equal((await send('GET /v1/admin/tenants/default', { as: 'branch-ops' })).status, 404);
});

test('the document has both kinds of credentials for every call that takes any', () => {
  const { components, paths } = check.document;
  const { securitySchemes } = components as unknown as { securitySchemes: Json };
  assert.deepEqual(Object.keys(securitySchemes).sort(), ['apiKey', 'token']);
  const secured = Object.values(paths)
    .flatMap((operations) => Object.values(operations))
    .filter(({ security }) => security.length > 0);
  assert.ok(secured.length > 30);
  for (const { security } of secured) {
    assert.deepEqual(security, [{ apiKey: [] }, { token: [] }]);
  }
});

test('no token and no key is ever logged, whatever becomes of it', async () => {
  const good = tokens.get('desk') ?? '';
  tokens.set('tampered', `${good.slice(0, -4)}AAAA`);
  assert.equal((await send('GET /v1/appointments', { as: 'tampered' })).status, 401);
  await issuer.goAway();
  assert.equal((await send('GET /v1/appointments', { as: 'desk' })).status, 200);
  assert.equal((await send('GET /v1/appointments')).status, 200);
  await issuer.comeBack();
  const logs = service.logs();
  assert.ok(logs.includes('"started"'), 'there is a log to look through');
  for (const token of tokens.values()) {
    for (const part of token.split('.').slice(1)) assert.ok(!logs.includes(part.slice(0, 40)));
  }
  assert.ok(!logs.includes(service.key));
});
