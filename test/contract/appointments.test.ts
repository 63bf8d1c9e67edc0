import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { booking, contractSuite, freshHour, keyed } from '../support/contract-service.ts';

const contract = contractSuite(2);
const { send } = contract;

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

test(
  '`POST /v1/appointments` answers 202, `Location`, `Command-Id`, the appointment (normally ' +
    '`INIT`) once it is durable; `Location` is path-absolute',
  async () => {
    const made = await send('POST /v1/appointments', { body: booking() });
    const { id, state, version } = made.body;
    assert.deepEqual([made.status, state, version], [202, 'INIT', 1]);
    assert.equal(made.headers.get('location'), `/v1/appointments/${String(id)}`);
    assert.match(made.headers.get('command-id') ?? '', uuidV7);
    const rows = await contract.database.query(
      'SELECT FROM appointments WHERE appointment_id = $1',
      [id],
    );
    assert.equal(rows.length, 1);
  },
);

test(
  'Appointment: `{id (uuid v7), version, state, customer_id, slot, service_type, location, ' +
    'resource_id, metadata, reason?, created_at, updated_at, links: {self, timeline, cancel}, ' +
    'warnings?}`; times `YYYY-MM-DDTHH:MM:SSZ`; absent optional members are null, metadata `{}`',
  async () => {
    const body = booking();
    const made = await send('POST /v1/appointments', { body });
    const { id, created_at, updated_at, ...rest } = made.body;
    assert.match(String(id), uuidV7);
    assert.match(String(created_at), instant);
    assert.equal(updated_at, created_at);
    const self = `/v1/appointments/${String(id)}`;
    assert.deepEqual(rest, {
      ...{ version: 1, state: 'INIT', customer_id: body['customer_id'], slot: body['slot'] },
      ...{ service_type: 'consultation', location: null, resource_id: null, metadata: {} },
      ...{ reason: null, warnings: null },
      links: { self, timeline: `${self}/timeline`, cancel: `${self}/cancel` },
    });
  },
);

test('`links.cancel` null once final', async () => {
  const { id, links } = await contract.confirmed();
  const self = `/v1/appointments/${String(id)}`;
  assert.equal((links as { cancel: unknown }).cancel, `${self}/cancel`);
  await send(`POST ${self}/start`, { body: keyed(), wait: 20 });
  const ended = await send(`POST ${self}/complete`, { body: keyed(), wait: 20 });
  const expected = { self, timeline: `${self}/timeline`, cancel: null };
  assert.deepEqual(ended.body['links'], expected);
  for (const link of [self, expected.timeline]) {
    assert.equal((await send(`GET ${link}`)).status, 200);
  }
});

test('`GET /v1/appointments/{id}`: 200; 304 on `If-None-Match`', async () => {
  const { id, version } = await contract.confirmed();
  const call = `GET /v1/appointments/${String(id)}`;
  const tag = `"${Number(version)}"`;
  const matches = { [tag]: 304, [`W/${tag}`]: 304, '*': 304, [`"99", ${tag}`]: 304 };
  for (const [none, status] of Object.entries({ ...matches, '"99"': 200, x: 200 })) {
    const answer = await send(call, { headers: { 'if-none-match': none } });
    assert.deepEqual([answer.status, answer.headers.get('etag')], [status, tag], none);
    assert.equal(answer.text === '', status === 304);
  }
});

test(
  '`PATCH`: 202, `Command-Id`; slot or location changed is a reschedule, atomic: the old time ' +
    'is kept until the new one is held',
  async () => {
    const hour = freshHour();
    const taken = await contract.confirmed({ resource_id: 'r0' });
    const kept = await contract.confirmed({ resource_id: 'r0', slot: hour });
    const path = `/v1/appointments/${String(kept['id'])}`;
    const patched = await send(`PATCH ${path}`, { body: keyed({ slot: freshHour() }) });
    assert.deepEqual([patched.status, patched.body['id']], [202, kept['id']]);
    assert.match(patched.headers.get('command-id') ?? '', uuidV7);
    assert.equal(patched.headers.get('location'), path);
    await send(`PATCH ${path}`, { body: keyed({ slot: hour }), wait: 20 });

    const refused = await send(`PATCH ${path}`, { body: keyed({ slot: taken['slot'] }), wait: 20 });
    assert.equal(refused.status, 409, refused.text);
    const inItsPlace = booking({ slot: hour, resource_id: 'r0' });
    const late = await send('POST /v1/appointments', { body: inItsPlace, wait: 20 });
    assert.deepEqual([late.status, late.body['reason']], [409, 'no-room'], 'the old time is held');

    // Onto a time that overlaps its own: what it holds is not in its way.
    const { start_time: start } = hour;
    const half = { start_time: start.replace(':00:00Z', ':30:00Z'), end_time: hour.end_time };
    const moved = await send(`PATCH ${path}`, { body: keyed({ slot: half }), wait: 20 });
    assert.deepEqual([moved.status, moved.body['slot']], [200, half]);
    const before = { start_time: start, end_time: half.start_time };
    const freed = booking({ slot: before, resource_id: 'r0' });
    assert.equal((await send('POST /v1/appointments', { body: freed, wait: 20 })).status, 201);
  },
);

test('PATCH replaces metadata; `null` clears it, or the location', async () => {
  const { id } = await contract.confirmed({ metadata: { a: 1 }, location: 'here' });
  const patch = async (changes: object): Promise<Record<string, unknown>> => {
    const answer = await send(`PATCH /v1/appointments/${String(id)}`, {
      ...{ body: keyed(changes), wait: 20 },
    });
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  assert.deepEqual((await patch({ metadata: { b: 2 } }))['metadata'], { b: 2 });
  assert.deepEqual((await patch({ metadata: null }))['metadata'], {});
  const placeless = await patch({ location: null });
  assert.deepEqual([placeless['location'], placeless['state']], [null, 'SCHEDULED']);
  assert.equal((await patch({ location: 'Here' }))['location'], 'here');
});

test(
  '`POST /v1/appointments/{id}/cancel` · `/start` · `/complete` · `/fail` ' +
    '`{idempotency_key, reason?}`: 202, `Command-Id`; `/fail` needs a `reason`',
  async () => {
    const started = await contract.confirmed();
    await send(`POST /v1/appointments/${String(started['id'])}/start`, {
      ...{ body: keyed(), wait: 20 },
    });
    for (const action of ['cancel', 'start', 'complete', 'fail']) {
      const { id } = action === 'complete' ? started : await contract.confirmed();
      const call = `POST /v1/appointments/${String(id)}/${action}`;
      const without = await send(call, { body: keyed({ reason: null }) });
      assert.equal(without.status, action === 'fail' ? 422 : 202, action);
      if (action === 'fail') {
        assert.equal((await send(call, { body: keyed({ reason: 'x' }) })).status, 202);
      } else assert.match(without.headers.get('command-id') ?? '', uuidV7);
      const tooLong = await send(call, { body: keyed({ reason: 'x'.repeat(501) }) });
      assert.equal(tooLong.status, 422);
    }
  },
);

test("`reason`: otherwise the client's text (at most 500)", async () => {
  const reason = `${'x'.repeat(498)} ß`;
  for (const action of ['cancel', 'fail']) {
    const { id } = await contract.confirmed();
    const call = `POST /v1/appointments/${String(id)}/${action}`;
    const answer = await send(call, { body: keyed({ reason }), wait: 20 });
    assert.deepEqual([answer.status, answer.body['reason']], [200, reason]);
  }
});

test(
  '`GET /v1/commands/{id}`: operation: create, update, cancel, start, complete, fail; state: ' +
    'pending|applied|refused; `problem?`',
  async () => {
    const told = async (call: string, body: object, wait?: number) => {
      const answer = await send(call, { body, ...(wait !== undefined && { wait }) });
      const id = String(answer.headers.get('command-id'));
      return (await send(`GET /v1/commands/${id}`)).body;
    };
    const operations: unknown[] = [];
    const { id } = await contract.confirmed();
    const path = `/v1/appointments/${String(id)}`;
    const calls: [string, object][] = [
      ['POST /v1/appointments', booking()],
      [`PATCH ${path}`, keyed({ metadata: { a: 1 } })],
      [`POST ${path}/start`, keyed()],
      [`POST ${path}/complete`, keyed()],
    ];
    for (const [call, body] of calls) {
      const { operation, state, problem } = await told(call, body, 20);
      assert.deepEqual([state, problem], ['applied', null], call);
      operations.push(operation);
    }
    for (const action of ['cancel', 'fail']) {
      const other = await contract.confirmed();
      const call = `POST /v1/appointments/${String(other['id'])}/${action}`;
      operations.push((await told(call, keyed({ reason: 'x' }), 20))['operation']);
    }
    assert.deepEqual(operations, ['create', 'update', 'start', 'complete', 'cancel', 'fail']);

    const taken = await contract.confirmed({ resource_id: 'r0' });
    const body = booking({ slot: taken['slot'], resource_id: 'r0' });
    const refused = await told('POST /v1/appointments', body, 20);
    const problem = refused['problem'] as Record<string, unknown>;
    assert.deepEqual(
      [refused['state'], problem['code'], problem['status'], problem['reason']],
      ['refused', 'slot-unavailable', 409, 'no-room'],
    );
    assert.match(String(refused['decided_at']), instant);
    const soon = await told('POST /v1/appointments', booking());
    assert.ok(['pending', 'applied'].includes(String(soon['state'])));
    assert.equal(soon['state'] === 'pending', soon['decided_at'] === null);
  },
);

test(
  '`location` is the catalogue id when the input resolved to one, else the string as sent; the ' +
    'engine never fills it in; list filters compare this value',
  async () => {
    const customer_id = randomUUID();
    const at = async (location?: string): Promise<unknown> => {
      const body = booking({ customer_id, ...(location !== undefined && { location }) });
      const made = await send('POST /v1/appointments', { body, wait: 20 });
      assert.equal(made.status, 201, made.text);
      return made.body['location'];
    };
    assert.deepEqual([await at('Here'), await at('here')], ['here', 'here']);
    assert.deepEqual([await at('My garden'), await at()], ['My garden', null]);
    const listed = async (location: string): Promise<number> => {
      const search = `customer_id=${customer_id}&location=${encodeURIComponent(location)}`;
      return ((await send(`GET /v1/appointments?${search}`)).body['items'] as unknown[]).length;
    };
    assert.deepEqual(await Promise.all(['here', 'Here', 'My garden'].map(listed)), [2, 0, 1]);
  },
);

test(
  "A location that is not in the catalogue, by the tenant's setting `unknown_locations`: `any` " +
    '(default: a free string, stored, constrains nothing, and the answer carries `warnings: ' +
    '[{code: "unknown-location"}]`) or `reject` (422 `unknown-location`)',
  async () => {
    const body = booking({ location: 'Nowhere we know' });
    const made = await send('POST /v1/appointments', { body, wait: 20 });
    assert.deepEqual([made.status, made.body['location']], [201, 'Nowhere we know']);
    const codes = (made.body['warnings'] as { code: string }[]).map(({ code }) => code);
    assert.deepEqual(codes, ['unknown-location']);
    const known = await send('POST /v1/appointments', { body: booking({ location: 'here' }) });
    assert.equal(known.body['warnings'], null);

    await contract.addTenant('strict', { unknown_locations: 'reject' });
    const scopes = ['appointments:read', 'appointments:write'];
    const key = await contract.addKey({ scopes, tenant: 'strict' });
    const refused = await send('POST /v1/appointments', { body, key });
    assert.deepEqual([refused.status, refused.body['code']], [422, 'unknown-location']);
    const [first] = refused.body['errors'] as { pointer: string; code: string }[];
    assert.deepEqual([first?.pointer, first?.code], ['/location', 'unknown-location']);
  },
);

test('`/` leads to `/docs` until there are pages', async () => {
  const root = await send('GET /', { key: null });
  assert.deepEqual([root.status, root.headers.get('location')], [302, '/docs']);
  const docs = await send('GET /docs', { key: null });
  assert.equal(docs.status, 200);
  assert.match(docs.headers.get('content-type') ?? '', /^text\/html/);
});
