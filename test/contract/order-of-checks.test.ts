import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { booking, contractSuite, keyed, type HttpCall } from '../support/contract-service.ts';

let reader: string;
let usedKey: string;
/** One that is over, so that whatever is asked of it is refused by its state. */
let over: string;

const contract = contractSuite(1, async ({ addKey, confirmed, send }) => {
  reader = await addKey({ scopes: ['appointments:read'] });
  const { id } = await confirmed();
  over = `/v1/appointments/${String(id)}`;
  await send(`POST ${over}/cancel`, { body: keyed(), wait: 20 });
  const other = await confirmed();
  const body = keyed({ metadata: { used: true } });
  usedKey = String(body['idempotency_key']);
  await send(`PATCH /v1/appointments/${String(other['id'])}`, { body, wait: 20 });
});
const { send } = contract;

/** A request in the making, with a fault or two. */
interface Draft {
  method: string;
  path: string;
  headers: Record<string, string>;
  key: string | null | undefined;
  body: Record<string, unknown>;
  /** Put before and after the body's text. */
  around: [string, string];
}

type Fault = [status: number, code: string, plant: (draft: Draft) => void];

const past = { start_time: '2020-01-01T00:00:00Z', end_time: '2020-01-01T01:00:00Z' };

// In the order of the contract. Where two are about the same part of the request the earlier one,
// planted last, prevails.
const faults: Fault[] = [
  [404, 'not-found', (draft) => (draft.path = '/v1/nowhere')],
  [405, 'method-not-allowed', (draft) => (draft.method = 'DELETE')],
  [413, 'body-too-large', (draft) => (draft.around[0] = ' '.repeat(66_000))],
  [415, 'unsupported-media-type', ({ headers }) => (headers['content-type'] = 'text/plain')],
  [401, 'unauthenticated', (draft) => (draft.key = null)],
  [403, 'forbidden', (draft) => (draft.key = reader)],
  [400, 'malformed-body', (draft) => (draft.around[1] = '}')],
  [400, 'malformed-body', (draft) => (draft.around[0] = '{"metadata":{},"metadata":{}}')],
  [
    ...([400, 'idempotency-key-missing'] as const),
    ({ body, headers }) => {
      delete body['idempotency_key'];
      delete headers['idempotency-key'];
    },
  ],
  [400, 'idempotency-key-mismatch', ({ headers }) => (headers['idempotency-key'] = randomUUID())],
  [400, 'malformed-header', ({ headers }) => (headers['if-match'] = '7')],
  [422, 'validation-failed', ({ body }) => (body['extra'] = 1)],
  [404, 'not-found', (draft) => (draft.path = `/v1/appointments/${randomUUID()}`)],
  [422, 'idempotency-key-reused', ({ body }) => (body['idempotency_key'] = usedKey)],
  [422, 'slot-in-the-past', ({ body }) => (body['slot'] = past)],
  [412, 'version-conflict', ({ headers }) => (headers['if-match'] = '"99"')],
  [409, 'illegal-transition', () => undefined],
];

async function answerTo(plants: Fault[2][]): Promise<[number, unknown]> {
  const draft: Draft = {
    ...{ method: 'PATCH', path: over, headers: {}, key: undefined, around: ['', ''] },
    body: keyed({ metadata: { a: 1 } }),
  };
  for (const plant of plants) plant(draft);
  const { method, path, headers, key, body, around } = draft;
  // An address that takes no body is asked without one by nobody; the fault is its method.
  const text = around[0] + JSON.stringify(body) + around[1];
  const options: HttpCall = { text, headers, ...(key !== undefined && { key }) };
  const answer = await send(`${method} ${path}`, options);
  return [answer.status, answer.body['code']];
}

for (const [index, [status, code, plant]] of faults.entries()) {
  const title = `Order of checks, the first that fails answers: ${status} ${code} (${index + 1})`;
  test(title, async () => {
    assert.deepEqual(await answerTo([plant]), [status, code]);
    for (const [, later, plantLater] of faults.slice(index + 1)) {
      const shown = `${code} before ${later}`;
      assert.deepEqual(await answerTo([plantLater, plant]), [status, code], shown);
    }
  });
}

test('404 or 405 (with `Allow`) for no such route or method', async () => {
  const allowed: Record<string, string> = {
    '/v1/appointments': 'GET, HEAD, POST',
    [over]: 'GET, HEAD, PATCH',
    [`${over}/cancel`]: 'POST',
    '/v1/locations/here': 'DELETE, GET, HEAD, PUT',
    '/v1/events': 'GET, HEAD',
  };
  for (const [path, methods] of Object.entries(allowed)) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (methods.split(', ').includes(method)) continue;
      const answer = await send(`${method} ${path}`, { key: null });
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, methods], path);
    }
  }
  // What no address of ours can be is 404 before its body is looked at.
  for (const path of ['/v1/appointments/a%00b', '/v1/locations/', '/v1/appointments/%zz']) {
    const text = ' '.repeat(2_000_000);
    const method = path.includes('locations') ? 'PUT' : 'PATCH';
    assert.equal((await send(`${method} ${path}`, { text })).status, 404, path);
  }
});

test('415 (only where there is a body)', async () => {
  const { id } = await contract.confirmed();
  const headers = { 'content-type': 'text/plain', 'idempotency-key': randomUUID() };
  const started = await send(`POST /v1/appointments/${String(id)}/start`, { headers });
  assert.equal(started.status, 202, started.text);
  assert.equal((await send('GET /v1/locations', { headers })).status, 200);
  const complete = `POST /v1/appointments/${String(id)}/complete`;
  assert.equal((await send(complete, { text: '{}', headers })).status, 415);
  const plain = { 'content-type': 'application/json; charset=utf-8' };
  assert.equal((await send(complete, { body: keyed(), headers: plain })).status, 202);
});

test('422 rules of the request alone (all violations at once)', async () => {
  const refused = await send('POST /v1/appointments?x=1', {
    body: {
      ...{ idempotency_key: 'short', customer_id: 'nobody', resource_id: '', extra: 1 },
      slot: { start_time: '2035-01-01T10:00:00Z', end_time: '2035-01-01T09:00:00Z' },
      metadata: { a: '\0' },
    },
  });
  const errors = refused.body['errors'] as { pointer?: string; parameter?: string }[];
  assert.deepEqual(
    errors.map(({ pointer, parameter }) => pointer ?? parameter),
    [
      ...['/customer_id', '/extra', '/idempotency_key', '/metadata/a', '/resource_id'],
      ...['/service_type', '/slot/end_time', 'x'],
    ],
  );
});

test('422 rules that need the clock or the catalogue: all of them at once', async () => {
  await contract.put('/v1/locations/twin-1', { name: 'Twin', time_zone: 'UTC' });
  await contract.put('/v1/locations/twin-2', { name: 'Twin', time_zone: 'UTC' });
  const body = booking({
    ...{ service_type: 'nothing', location: 'Twin', resource_id: 'nobody', slot: past },
  });
  const refused = await send('POST /v1/appointments', { body });
  assert.equal(refused.status, 422);
  const errors = refused.body['errors'] as { pointer: string; code: string }[];
  assert.deepEqual(
    errors.map(({ pointer, code }) => `${pointer} ${code}`),
    [
      '/service_type unknown-service-type',
      '/location ambiguous-location',
      '/resource_id unknown-resource',
      '/slot/end_time slot-in-the-past',
    ],
  );
  assert.equal(refused.body['code'], 'unknown-service-type');
});
