import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { booking, contractSuite, keyed, person } from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';

const contract = contractSuite();
const { send } = contract;

interface Violation {
  pointer?: string;
  parameter?: string;
  code: string;
  message: string;
}

const placesOf = (body: Record<string, unknown>): string[] =>
  (body['errors'] as Violation[]).map(({ pointer, parameter }) => pointer ?? `?${parameter}`);

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test(
  'errors are RFC 9457 `application/problem+json`: `type` (`/problems/<code>`, a page that ' +
    'this service serves), `title`, `status`, `detail`, `instance` (= request id), `code`',
  async () => {
    const wrong = [
      await send('GET /v1/nowhere'),
      await send('PUT /v1/appointments'),
      await send('GET /v1/appointments', { key: null }),
      await send('POST /v1/appointments', { text: '{' }),
      await send('POST /v1/appointments', { text: 'x', headers: { 'content-type': 'a/b' } }),
      await send('POST /v1/appointments', { body: keyed() }),
      await send(`GET /v1/appointments/${randomUUID()}`),
    ];
    for (const { status, headers, body } of wrong) {
      assert.equal(headers.get('content-type'), 'application/problem+json');
      assert.equal(body['status'], status);
      assert.equal(body['type'], `/problems/${String(body['code'])}`);
      assert.equal(body['instance'], headers.get('x-request-id'));
      assert.ok(String(body['title']) !== '' && String(body['detail']) !== '');
      const page = await send(`GET ${String(body['type'])}`, { key: null });
      assert.equal(page.status, 200);
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.ok(page.text.includes(String(body['code'])));
    }
    const codes = wrong.map(({ body }) => body['code']);
    assert.equal(new Set(codes).size, codes.length - 1, codes.join());
  },
);

const codes: Record<string, number> = {
  ...{ 'malformed-body': 400, 'malformed-header': 400, 'idempotency-key-missing': 400 },
  ...{ 'idempotency-key-mismatch': 400, 'bad-cursor': 400, unauthenticated: 401 },
  ...{ forbidden: 403, 'not-found': 404, 'method-not-allowed': 405, 'body-too-large': 413 },
  ...{ 'unsupported-media-type': 415, 'validation-failed': 422, 'idempotency-key-reused': 422 },
  ...{ 'unknown-location': 422, 'ambiguous-location': 422, 'unknown-service-type': 422 },
  ...{ 'unknown-resource': 422, 'slot-in-the-past': 422, 'version-conflict': 412 },
  ...{ 'slot-unavailable': 409, 'illegal-transition': 409, 'key-in-flight': 409 },
  ...{ 'future-bookings': 409, 'rate-limited': 429, unavailable: 503 },
  // Beyond the list: what can befall any request.
  ...{ 'request-timeout': 408, 'headers-too-large': 431, 'internal-error': 500 },
};

test('Codes: each has its page, with its status, and the document names no other', async () => {
  for (const [code, status] of Object.entries(codes)) {
    const page = await send(`GET /problems/${code}`, { key: null });
    assert.equal(page.status, 200, code);
    assert.ok(page.text.includes(`HTTP status ${status}`), code);
  }
  assert.equal((await send('GET /problems/no-such-code', { key: null })).status, 404);
  const { body } = await send('GET /openapi.json', { key: null });
  const { components } = body as unknown as {
    components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } };
  };
  const documented = components.schemas.Problem.properties.code.enum;
  assert.deepEqual(documented.toSorted(), Object.keys(codes).toSorted());
});

test('`errors[]` (`{pointer, code, message}`, RFC 6901 pointers)', async () => {
  const body = booking({ 'a/b': 1, 'c~d': 2, slot: { start_time: 'soon' } });
  const refused = await send('POST /v1/appointments', { body });
  assert.deepEqual([refused.status, refused.body['code']], [422, 'validation-failed']);
  assert.deepEqual(placesOf(refused.body), [
    '/a~1b',
    '/c~0d',
    '/slot/end_time',
    '/slot/start_time',
  ]);
  for (const violation of refused.body['errors'] as Violation[]) {
    assert.deepEqual(Object.keys(violation).sort(), ['code', 'message', 'pointer']);
  }
  const metadata = { 'x/y': [{ '~': '\0' }] };
  const deep = await send('POST /v1/appointments', { body: booking({ metadata }) });
  assert.deepEqual(placesOf(deep.body), ['/metadata/x~1y/0/~0']);
});

test(
  "Every response carries `X-Request-Id`: the caller's if it matches " +
    '`[A-Za-z0-9._-]{1,128}`, else a new one',
  async () => {
    const calls = ['GET /v1/locations', 'GET /v1/nowhere', 'DELETE /v1/events', 'GET /healthz'];
    const own = ['a', 'Abc.1_2-3', 'x'.repeat(128)];
    const others = ['x'.repeat(129), 'a b', 'ä', '/', 'a,b'];
    for (const call of [...calls, 'POST /v1/appointments']) {
      for (const id of own) {
        const answer = await send(call, { headers: { 'x-request-id': id } });
        assert.equal(answer.headers.get('x-request-id'), id, call);
      }
      for (const id of others) {
        const answer = await send(call, { headers: { 'x-request-id': id } });
        assert.match(answer.headers.get('x-request-id') ?? '', uuidV7, `${call} ${id}`);
      }
      assert.match((await send(call)).headers.get('x-request-id') ?? '', uuidV7, call);
    }
  },
);

test('`traceparent` is continued', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const made = await send('POST /v1/appointments', {
    ...{ body: booking(), headers: { traceparent }, wait: 20 },
  });
  assert.equal(made.status, 201, made.text);
  const own = await eventually(async () => {
    const { body } = await send('GET /v1/events?limit=200');
    const items = body['items'] as { subject: string; traceparent: string }[];
    const found = items.filter(({ subject }) => subject === made.body['id']);
    return found.length === 3 ? found : undefined;
  });
  for (const event of own) assert.match(event.traceparent, new RegExp(`^00-${traceId}-`));
});

test(
  'Unknown body members and query members are 422 (a query violation carries `parameter` ' +
    'instead of `pointer`)',
  async () => {
    const { id } = await contract.confirmed();
    const bodies: Record<string, object> = {
      'POST /v1/appointments': booking(),
      [`PATCH /v1/appointments/${String(id)}`]: keyed(),
      [`POST /v1/appointments/${String(id)}/cancel`]: keyed(),
      [`POST /v1/appointments/${String(id)}/fail`]: keyed({ reason: 'x' }),
      'PUT /v1/service-types/consultation': { name: 'Consultation' },
      'PUT /v1/locations/here': { name: 'Here', time_zone: 'UTC' },
      'PUT /v1/resources/r0': person(),
      [`PUT /v1/customers/${randomUUID()}`]: {},
      'POST /v1/resources/r0/absences': keyed({
        ...{ start_time: '2035-01-01T00:00:00Z', end_time: '2035-01-02T00:00:00Z' },
      }),
    };
    for (const [call, body] of Object.entries(bodies)) {
      const member = await send(call, { body: { ...body, surprise: 1 } });
      assert.deepEqual([member.status, placesOf(member.body)], [422, ['/surprise']], call);
      const query = await send(`${call}?surprise=1`, { body });
      assert.deepEqual([query.status, placesOf(query.body)], [422, ['?surprise']], call);
    }
    for (const path of ['appointments', 'locations', 'resources/r0', 'events', 'customers']) {
      const { status, body } = await send(`GET /v1/${path}?surprise=1`);
      assert.deepEqual([status, placesOf(body)], [422, ['?surprise']], path);
    }
  },
);

test('A malformed id in a path is 404', async () => {
  for (const id of ['7', 'x'.repeat(36), `${randomUUID()}0`, '%00', '%20', '%C3%A4', '%zz']) {
    for (const call of [
      ...[`GET /v1/appointments/${id}`, `GET /v1/appointments/${id}/timeline`],
      ...[`PATCH /v1/appointments/${id}`, `POST /v1/appointments/${id}/cancel`],
      ...[`GET /v1/commands/${id}`, `GET /v1/customers/${id}`, `PUT /v1/customers/${id}`],
      ...[`GET /v1/resources/r0/absences/${id}`, `DELETE /v1/resources/r0/absences/${id}`],
    ]) {
      const isGet = call.startsWith('GET') || call.startsWith('DELETE');
      const body = call.startsWith('PUT') ? {} : keyed();
      const answer = await send(call, isGet ? {} : { body });
      assert.deepEqual([answer.status, answer.body['code']], [404, 'not-found'], call);
    }
  }
  for (const id of ['a%20b', 'a%2Fb', 'x'.repeat(65), '%C3%A4', 'a%0Ab']) {
    for (const kind of ['locations', 'resources', 'service-types']) {
      const body = kind === 'resources' ? person() : { name: 'x', time_zone: 'UTC' };
      if (kind === 'service-types') delete (body as { time_zone?: unknown }).time_zone;
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const call = `${method} /v1/${kind}/${id}`;
        const { status } = await send(call, method === 'PUT' ? { body } : {});
        assert.equal(status, 404, call);
      }
    }
  }
});

test('HEAD answers as GET', async () => {
  const { id } = await contract.confirmed();
  for (const path of [
    ...['/v1/locations', '/v1/locations/here', '/v1/locations/nowhere', '/v1/appointments?x=1'],
    ...[`/v1/appointments/${String(id)}`, '/healthz', '/openapi.json', '/docs'],
  ]) {
    const get = await send(`GET ${path}`);
    const head = await send(`HEAD ${path}`);
    assert.equal(head.status, get.status, path);
    assert.equal(head.text, '');
    for (const name of ['content-type', 'content-length', 'etag']) {
      assert.equal(head.headers.get(name), get.headers.get(name), `${path} ${name}`);
    }
  }
});

test('Limits: nesting 64 (400)', async () => {
  const nested = (levels: number): unknown =>
    JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels));
  // The body itself is the first level.
  const body = (levels: number): object => booking({ metadata: nested(levels - 1) });
  assert.equal((await send('POST /v1/appointments', { body: body(64) })).status, 202);
  const deeper = await send('POST /v1/appointments', { body: body(65) });
  assert.deepEqual([deeper.status, deeper.body['code']], [400, 'malformed-body']);
});

test('Limits: body 64 KiB, catalogue PUT 1 MiB (413)', async () => {
  const padded = (body: object, bytes: number): string => JSON.stringify(body).padEnd(bytes, ' ');
  const place = { name: 'Here', time_zone: 'UTC' };
  const limits: [string, object, number, number][] = [
    ['POST /v1/appointments', booking(), 65_536, 202],
    ['POST /v1/resources/r0/absences?dry_run=true', keyed({ ...absent }), 65_536, 200],
    ['PUT /v1/locations/here', place, 1_048_576, 200],
    ['PUT /v1/resources/r0', person(), 1_048_576, 200],
    ['PUT /v1/service-types/pickup', { name: 'Pickup' }, 1_048_576, 200],
    [`PUT /v1/customers/${randomUUID()}`, {}, 1_048_576, 201],
  ];
  for (const [call, body, bytes, status] of limits) {
    const fits = await send(call, { text: padded(body, bytes) });
    assert.equal(fits.status, status, `${call} ${fits.text}`);
    const over = await send(call, { text: padded(body, bytes + 1) });
    assert.deepEqual([over.status, over.body['code']], [413, 'body-too-large'], call);
  }
});

const absent = { start_time: '2035-01-01T00:00:00Z', end_time: '2035-01-02T00:00:00Z' };

test('Limits: headers 16 KiB (431)', async () => {
  const filled = (bytes: number) => ({ headers: { 'x-filler': 'x'.repeat(bytes) } });
  assert.equal((await send('GET /v1/locations', filled(15_000))).status, 200);
  const over = await send('GET /v1/locations', filled(17_000));
  assert.deepEqual([over.status, over.body['code']], [431, 'headers-too-large']);
});

test('Limits: page size 1–200 (422 outside)', async () => {
  const lists = ['appointments', 'locations', 'resources', 'service-types', 'customers', 'events'];
  for (const list of [...lists, 'resources/r0/absences']) {
    const limits = { '1': 200, '200': 200, '0': 422, '201': 422, '-1': 422, '': 422, '1.5': 422 };
    for (const [limit, status] of Object.entries({ ...limits, ten: 422 })) {
      const answer = await send(`GET /v1/${list}?limit=${limit}`);
      assert.equal(answer.status, status, `${list} ${limit}`);
      if (status === 422) assert.deepEqual(placesOf(answer.body), ['?limit']);
    }
  }
});

test('`Authorization: Bearer <api key>`: anything else is 401 `unauthenticated`', async () => {
  const { key } = contract.service;
  for (const authorization of ['', 'Bearer', `Basic ${key}`, `Bearer ${key}x`, key, 'Bearer a b']) {
    const answer = await send('GET /v1/locations', { key: null, headers: { authorization } });
    assert.deepEqual([answer.status, answer.body['code']], [401, 'unauthenticated']);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /);
  }
  const lower = { authorization: `bearer ${key}` };
  assert.equal((await send('GET /v1/locations', { key: null, headers: lower })).status, 200);
});
