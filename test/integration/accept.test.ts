import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createApi, type Api } from '../../src/api/index.ts';
import type { Decision, EngineLink } from '../../src/contract/engine-link.ts';
import type { Principal } from '../../src/contract/principal.ts';
import { Problem } from '../../src/contract/problem.ts';
import type { Answer, Call } from '../../src/contract/route.ts';
import { systemClock } from '../../src/io/clock.ts';
import { Failpoints } from '../../src/io/failpoints.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import { systemRandom } from '../../src/io/random.ts';
import { createWriteEpoch } from '../../src/store/write-epoch.ts';
import { absentEngine } from '../support/absent-engine.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openPools, type Pools } from '../support/pools.ts';

let store: TestDatabase;
let pools: Pools;
let api: Api;
let publish: (decision: Decision) => void = () => undefined;

const engine: EngineLink = {
  ...absentEngine,
  onDecision: (listener) => {
    publish = listener;
    return () => undefined;
  },
  availability: () => Promise.resolve({ slots: [{ start: 0, end: 60, free: 2 }], asOf: 0 }),
};

const staff: Principal = {
  tenantId: 'default',
  actor: 'key:test',
  scopes: new Set(['appointments:read', 'appointments:write', 'catalogue:write']),
  customerId: null,
  resourceId: null,
};

function customer(id: string): Principal {
  const scopes = new Set(['appointments:self'] as const);
  return { ...staff, actor: `customer:${id}`, scopes, customerId: id };
}

before(async () => {
  store = await freshDatabase();
  pools = openPools(store.url, 'accept', 8);
  const { database, reads, directory } = pools;
  const epoch = createWriteEpoch(database);
  await epoch.refresh();
  api = createApi({
    ...{ database, reads, directory, hotDatabase: database },
    clock: systemClock,
    random: systemRandom,
    log: createLog('silent', 'test'),
    metrics: createMetrics(),
    failpoints: new Failpoints(),
    epoch,
    engine,
  });
  await api.start();
  await store.query(`INSERT INTO locations (tenant_id, location_id, name, time_zone, region)
    VALUES ('default', 'north', 'North', 'UTC', 'default'),
      ('default', 'twin-a', 'Twin', 'UTC', 'default'),
      ('default', 'twin-b', 'Twin', 'UTC', 'default');
    UPDATE tenants SET catalogue_version = catalogue_version + 1`);
});

after(async () => {
  await api.stop();
  await pools.close();
  await store.drop();
});

interface Request {
  route: string;
  body?: unknown;
  query?: Record<string, unknown>;
  params?: Record<string, string>;
  headers?: Record<string, string>;
  as?: Principal;
  signal?: AbortSignal;
}

/** Calls a handler as the edge does; a problem comes back as an answer. */
async function request(wanted: Request): Promise<Answer & { body: never }> {
  const [method, path] = wanted.route.split(' ');
  const route = api.routes.find((known) => known.method === method && known.path === path);
  assert.ok(route, wanted.route);
  const call: Call = {
    principal: wanted.as ?? staff,
    params: wanted.params ?? {},
    query: wanted.query ?? {},
    body: wanted.body,
    header: (name) => wanted.headers?.[name],
    requestId: 'request-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ...(wanted.signal && { signal: wanted.signal }),
  };
  try {
    return (await route.handle(call as never)) as Answer & { body: never };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { status, headers } = error;
    return { status, headers, body: error.document() as never };
  }
}

interface Seen {
  id: string;
  version: number;
  state: string;
  code: string;
}

const create = (body: unknown, more: Partial<Request> = {}) =>
  request({ route: 'POST /v1/appointments', body, ...more }) as Promise<Answer & { body: Seen }>;

const cancel = (id: string, more: Partial<Request> = {}) =>
  request({
    route: 'POST /v1/appointments/:id/cancel',
    params: { id },
    body: { idempotency_key: randomUUID() },
    ...more,
  }) as Promise<Answer & { body: Seen }>;

function booking(changes: Record<string, unknown> = {}) {
  return {
    idempotency_key: randomUUID() as string,
    customer_id: randomUUID() as string,
    slot: { start_time: '2035-03-01T10:00:00Z', end_time: '2035-03-01T10:30:00Z' },
    service_type: 'consultation',
    ...changes,
  };
}

async function count(table: string, where = 'true'): Promise<number> {
  const [row] = await store.query<{ n: number }>(`SELECT count(*) n FROM ${table} WHERE ${where}`);
  return row?.n ?? NaN;
}

async function decide(id: string, problem: object | null): Promise<void> {
  await store.query(
    `UPDATE commands SET state = CASE WHEN $2::jsonb IS NULL THEN 'applied' ELSE 'refused' END,
      problem = $2, decided_at = now() WHERE appointment_id = $1 AND state = 'pending'`,
    [id, problem === null ? null : JSON.stringify(problem)],
  );
}

const refusal = new Problem('slot-unavailable', 'every resource is booked', {
  members: { reason: 'no-room', proof: 'clique', conflicts: [], alternatives: [] },
}).document();

test('a create is durable with its key, history and event before it is answered', async () => {
  const body = booking({ metadata: { note: 'é', n: [1, { a: null }] }, location: 'North' });
  const { status, headers, body: seen } = await create(body);
  assert.equal(status, 202);
  assert.equal(headers?.['etag'], '"1"');
  assert.equal(headers['location'], `/v1/appointments/${seen.id}`);
  const { metadata, location, warnings, customer_id } = seen as never as Record<string, unknown>;
  assert.deepEqual(metadata, body['metadata' as never]);
  assert.deepEqual(
    { location, warnings, customer_id },
    {
      location: 'north',
      warnings: null,
      customer_id: body.customer_id,
    },
  );
  const own = `appointment_id = '${seen.id}'`;
  for (const table of ['appointments', 'commands', 'appointment_history', 'outbox']) {
    assert.equal(await count(table, own), 1, table);
  }
  const command = { id: headers['command-id'] ?? '' };
  const found = await request({ route: 'GET /v1/commands/:id', params: command });
  assert.deepEqual(
    { ...(found.body as object), created_at: '' },
    {
      id: headers['command-id'],
      operation: 'create',
      appointment_id: seen.id,
      state: 'pending',
      problem: null,
      created_at: '',
      decided_at: null,
    },
  );
});

test('fifty duplicates at once have one effect and one answer', async () => {
  const body = booking();
  const answers = await Promise.all(Array.from({ length: 50 }, () => create(body)));
  assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
  assert.equal(new Set(answers.map(({ headers }) => headers?.['command-id'])).size, 1);
  const replays = answers.filter(({ headers }) => headers?.['idempotency-replayed'] === 'true');
  assert.equal(replays.length, 49);
  assert.equal(await count('appointments', `customer_id = '${body.customer_id}'`), 1);
});

test('equal content is a replay however it is written, other content is refused', async () => {
  const body = booking({ metadata: { a: 1, b: { c: 2, d: 3 } } });
  const first = await create(body);
  const same = {
    ...body,
    customer_id: body.customer_id.toUpperCase(),
    slot: { start_time: '2035-03-01T10:00:00.00Z', end_time: '2035-03-01T10:30:00Z' },
    metadata: { b: { d: 3, c: 2 }, a: 1 },
  };
  const replayed = await create(same);
  assert.equal(replayed.status, 202);
  assert.equal(replayed.body.id, first.body.id);
  const other = await create({ ...body, service_type: 'pickup' });
  assert.equal(other.body.code, 'idempotency-key-reused');
  await decide(first.body.id, null);
  assert.equal((await create(body)).status, 200);
});

test('absent, null and empty metadata are one content', async () => {
  const body = booking();
  const first = await create(body);
  const same = [{}, null].map((metadata) => create({ ...body, metadata }));
  for (const answer of await Promise.all(same)) assert.equal(answer.body.id, first.body.id);
});

test('one row that the database refuses is answered alone', async () => {
  // No request can hold this actor; it stands for whatever a check has overlooked.
  const bad = { ...staff, actor: 'key:\0' };
  const answers = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => create(booking(), index === 7 ? { as: bad } : {})),
  );
  const failed = answers.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
  assert.deepEqual(failed, [7]);
  assert.ok(answers.every((one) => one.status === 'rejected' || one.value.status === 202));
});

test('a catalogue that has changed since it was read is read again', async () => {
  assert.equal((await create(booking())).status, 202);
  await store.query(`INSERT INTO service_types (tenant_id, code, name)
    VALUES ('default', 'fresh', 'Fresh');
    UPDATE tenants SET catalogue_version = catalogue_version + 1`);
  assert.equal((await create(booking({ service_type: 'fresh' }))).status, 202);
  await store.query(`UPDATE service_types SET active = false WHERE code = 'fresh';
    UPDATE tenants SET catalogue_version = catalogue_version + 1`);
  const refused = await create(booking({ service_type: 'fresh' }));
  assert.equal(refused.body.code, 'unknown-service-type');
});

test('a replay comes before the rules of the clock and the catalogue', async () => {
  const body = booking();
  const first = await create(body);
  await store.query(`UPDATE service_types SET active = false WHERE code = 'consultation';
    UPDATE tenants SET catalogue_version = catalogue_version + 1`);
  const replayed = await create(body);
  const refused = await create(booking());
  await store.query(`UPDATE service_types SET active = true WHERE code = 'consultation';
    UPDATE tenants SET catalogue_version = catalogue_version + 1`);
  assert.equal(replayed.body.id, first.body.id);
  assert.equal(refused.body.code, 'unknown-service-type');
});

test('location, resource and a past slot are judged at once, and leave the key free', async () => {
  const slot = { start_time: '2001-01-01T10:00:00Z', end_time: '2001-01-01T10:30:00Z' };
  const body = booking({ slot, location: 'Twin', resource_id: 'nobody' });
  const { status, body: problem } = await create(body);
  const { code, errors } = problem as never as { code: string; errors: { code: string }[] };
  assert.deepEqual([status, code], [422, 'ambiguous-location']);
  const codes = errors.map((error) => error.code);
  assert.deepEqual(codes, ['ambiguous-location', 'unknown-resource', 'slot-in-the-past']);
  assert.equal((await create({ ...booking(), idempotency_key: body.idempotency_key })).status, 202);
});

test('an unknown location is kept with a warning', async () => {
  const { body } = await create(booking({ location: 'Backyard' }));
  const { location, warnings } = body as never as { location: string; warnings: Seen[] };
  assert.equal(location, 'Backyard');
  assert.equal(warnings[0]?.code, 'unknown-location');
});

test('who waits is answered by a decision of this process', async () => {
  const body = booking();
  const answering = create(body, { headers: { prefer: 'wait=20' } });
  const id = await eventually(async () => {
    const [row] = await store.query<{ appointment_id: string; command_id: string }>(
      `SELECT c.appointment_id, c.command_id FROM commands c JOIN appointments a
      USING (tenant_id, appointment_id) WHERE a.customer_id = $1`,
      [body.customer_id],
    );
    return row;
  });
  const before = await request({
    route: 'GET /v1/appointments/:id',
    params: { id: id.appointment_id },
  });
  assert.equal(before.status, 200);
  const decision = { tenantId: 'default', commandId: id.command_id, state: 'applied' } as const;
  publish({ ...decision, tenantId: 'another' });
  publish(decision);
  const { status, headers } = await answering;
  assert.equal(status, 201);
  assert.equal(headers?.['preference-applied'], 'wait=20');
});

test('who waits is answered by a decision found in the database', async () => {
  const body = booking();
  const answering = create(body, { headers: { prefer: 'wait=20' } });
  const where = `customer_id = '${body.customer_id}'`;
  await eventually(async () => (await count('appointments', where)) === 1);
  const [row] = await store.query<{ appointment_id: string }>(
    `UPDATE appointments SET state = 'FAILED', reason = 'no-room', version = 2 WHERE ${where}
    RETURNING appointment_id`,
  );
  const id = row?.appointment_id ?? '';
  await decide(id, refusal);
  const { status, headers, body: problem } = await answering;
  assert.equal(status, 409);
  const { code, reason, proof, appointment_id } = problem as never as Record<string, unknown>;
  assert.deepEqual(
    { code, reason, proof, appointment_id },
    { code: 'slot-unavailable', reason: 'no-room', proof: 'clique', appointment_id: id },
  );
  assert.equal(headers?.['location'], `/v1/appointments/${id}`);

  const waiting = await create(body, { headers: { prefer: 'wait=5' } });
  assert.deepEqual([waiting.status, waiting.headers?.['idempotency-replayed']], [409, 'true']);
  assert.equal(waiting.headers?.['command-id'], headers['command-id']);
  const replayed = await create(body);
  assert.deepEqual([replayed.status, replayed.body.state], [200, 'FAILED']);
});

test('who waits in vain, or has gone, is answered 202', async () => {
  const late = await create(booking(), { headers: { prefer: 'wait=0' } });
  assert.deepEqual([late.status, late.headers?.['preference-applied']], [202, 'wait=0']);
  const gone = new AbortController();
  const answering = create(booking(), { headers: { prefer: 'wait=30' }, signal: gone.signal });
  gone.abort();
  assert.equal((await answering).status, 202);
});

test('a customer creates, sees, lists and cancels only what is its own', async () => {
  const [one, other] = [randomUUID() as string, randomUUID() as string];
  const mine = await create(booking({ customer_id: one }), { as: customer(one) });
  assert.equal(mine.status, 202);
  const foreign = await create(booking({ customer_id: other }), { as: customer(one) });
  assert.deepEqual([foreign.status, foreign.body.code], [403, 'forbidden']);
  const params = { id: mine.body.id };
  const as = customer(other);
  assert.equal((await request({ route: 'GET /v1/appointments/:id', params, as })).status, 404);
  assert.equal((await cancel(params.id, { as })).status, 404);
  const command = { id: mine.headers?.['command-id'] ?? '' };
  assert.equal((await request({ route: 'GET /v1/commands/:id', params: command, as })).status, 404);
  const listed = await request({ route: 'GET /v1/appointments', as });
  assert.deepEqual(listed.body, { items: [], next_cursor: null });
  const own = await request({ route: 'GET /v1/appointments', as: customer(one) });
  assert.equal((own.body as { items: unknown[] }).items.length, 1);
  assert.equal((await cancel(params.id, { as: customer(one) })).status, 202);
});

test('a cancel is checked by version, then by state; a replay of it comes first', async () => {
  const { body: seen } = await create(booking());
  const { id } = seen;
  assert.equal((await cancel(id, { headers: { 'if-match': '"7"' } })).status, 412);
  assert.equal((await cancel(id, { headers: { 'if-match': 'W/"1"' } })).status, 412);
  assert.equal((await cancel(id, { headers: { 'if-match': '1' } })).status, 400);
  const body = { idempotency_key: randomUUID(), reason: 'ill' };
  const headers = { 'if-match': '"1"' };
  const first = await cancel(id, { body, headers });
  assert.equal(first.status, 202);
  await decide(id, null);
  await store.query(
    `UPDATE appointments SET state = 'CANCELLED', version = 2 WHERE appointment_id = $1`,
    [id],
  );
  const replayed = await cancel(id, { body, headers });
  assert.deepEqual([replayed.status, replayed.body.state], [200, 'CANCELLED']);
  assert.equal(replayed.headers?.['command-id'], first.headers?.['command-id']);
  const { status, body: problem } = await cancel(id);
  assert.deepEqual([status, problem.code, problem.state], [409, 'illegal-transition', 'CANCELLED']);
  const reused = await cancel(id, { body: { ...body, reason: 'well' } });
  assert.equal(reused.body.code, 'idempotency-key-reused');
  for (const unknown of [randomUUID(), 'nonsense'])
    assert.equal((await cancel(unknown)).status, 404);
});

test('a page follows on the one before, and filters narrow it', async () => {
  const customer_id = randomUUID() as string;
  const hours = ['08', '09', '10', '11', '12'];
  for (const hour of hours) {
    const slot = {
      start_time: `2036-01-01T${hour}:00:00Z`,
      end_time: `2036-01-01T${hour}:30:00Z`,
    };
    await create(booking({ customer_id, slot }));
  }
  const list = async (query: Record<string, unknown>) => {
    const { body } = await request({ route: 'GET /v1/appointments', query });
    const { items, next_cursor: cursor } = body as {
      items: { slot: { start_time: string } }[];
      next_cursor: string | null;
    };
    return { starts: items.map(({ slot }) => slot.start_time.slice(11, 13)), cursor };
  };
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { customer_id, limit: 2, ...(cursor && { cursor }) };
    const page = await list(query);
    seen.push(...page.starts);
    ({ cursor } = page);
  } while (cursor !== null);
  assert.deepEqual(seen, hours);
  // Half-open: touching is no overlap.
  const range = { from: '2036-01-01T09:30:00Z', to: '2036-01-01T11:00:00Z' };
  assert.deepEqual((await list({ customer_id, ...range })).starts, ['10']);
  assert.deepEqual((await list({ ...range, to: '2036-01-01T11:00:01Z' })).starts, ['10', '11']);
  assert.deepEqual((await list({ customer_id, state: 'FAILED,CANCELLED' })).starts, []);
  assert.deepEqual((await list({ customer_id, resource_id: 'r1' })).starts, []);
});

test('a version that the client has is not sent again', async () => {
  const { body: seen } = await create(booking());
  const route = 'GET /v1/appointments/:id';
  const params = { id: seen.id.toUpperCase() };
  const known = await request({ route, params, headers: { 'if-none-match': '"9", W/"1"' } });
  assert.deepEqual([known.status, known.body, known.headers?.['etag']], [304, undefined, '"1"']);
  const news = await request({ route, params, headers: { 'if-none-match': '"2"' } });
  assert.equal(news.status, 200);
});

test('a customer record is stored, replaced and read back', async () => {
  const params = { id: randomUUID() as string };
  const route = 'PUT /v1/customers/:id';
  const first = await request({ route, params, body: { name: 'A', email: 'a@example.org' } });
  assert.equal(first.status, 201);
  const second = await request({ route, params, body: { phone: '+43 660 1' } });
  assert.equal(second.status, 200);
  const read = await request({ route: 'GET /v1/customers/:id', params });
  assert.deepEqual(read.body, second.body);
  assert.deepEqual((read.body as { email: unknown }).email, null);
  const listed = await request({ route: 'GET /v1/customers', as: customer(params.id) });
  assert.equal((listed.body as { items: unknown[] }).items.length, 1);
});

test('a resource that names what does not exist is refused before any command', async () => {
  const hours = [{ days: ['mon'], start: '09:00', end: '17:00' }];
  const body = { name: 'R', time_zone: 'UTC', working_hours: hours };
  const answer = await request({
    route: 'PUT /v1/resources/:id',
    params: { id: 'r1' },
    body: { ...body, service_types: ['consultation', 'none'], locations: ['nowhere', 'north'] },
  });
  const { code, errors } = answer.body as { code: string; errors: { pointer: string }[] };
  assert.deepEqual([answer.status, code], [422, 'unknown-service-type']);
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    ['/service_types/1', '/locations/0'],
  );
  assert.equal(await count('commands', `operation = 'put-resource'`), 0);
});

test('availability names what it does not know by its parameter', async () => {
  const route = 'GET /v1/availability';
  const query = {
    service_type: 'pickup',
    from: '2036-01-01T00:00:00Z',
    to: '2036-01-02T00:00:00Z',
  };
  const found = await request({ route, query });
  assert.deepEqual(found.body, {
    slots: [
      {
        start_time: '1970-01-01T00:00:00Z',
        end_time: '1970-01-01T00:01:00Z',
        mode: 'direct',
        free: 2,
      },
    ],
    as_of: '1970-01-01T00:00:00Z',
  });
  const { status, body } = await request({ route, query: { ...query, location: 'Backyard' } });
  const { errors } = body as { errors: { parameter: string; code: string }[] };
  assert.equal(status, 422);
  assert.deepEqual(errors[0]?.parameter, 'location');
});

test('closed writes are unavailable, and open again once they are', async () => {
  await store.query(`SELECT change_write_epoch('read-only', 'test')`);
  const { status, headers } = await create(booking());
  assert.equal(status, 503);
  assert.ok(headers?.['retry-after']);
  await store.query(`SELECT change_write_epoch('read-write', 'test')`);
  assert.equal((await create(booking())).status, 202);
});
