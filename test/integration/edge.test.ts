import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Gateway } from '../../src/gateway/index.ts';
import {
  exchange,
  good,
  openEdge,
  reader,
  wire,
  writer,
  type EdgeFixture,
  type Reply,
  type Request,
} from '../support/edge-fixture.ts';

let fixture: EdgeFixture;
let edge: Gateway;

before(async () => {
  fixture = await openEdge();
  edge = fixture.gateway();
  await edge.start();
});

after(async () => {
  await edge.stop();
  await fixture.close();
});

const ask = (request: Request): Promise<Reply> => exchange(wire(request), edge);

// The checks in their order. Planted from the last to the first, so that the earlier one prevails
// where two are about the same part of the request.
type Fault = [code: string, status: number, plant: (request: Request) => void];
const faults: Fault[] = [
  ['not-found', 404, (request) => (request.path = '/v1/nowhere')],
  ['method-not-allowed', 405, (request) => (request.method = 'PUT')],
  [
    'body-too-large',
    413,
    (request) => (request.around = [' '.repeat(70_000), request.around?.[1] ?? '']),
  ],
  ['unsupported-media-type', 415, (request) => (request.headers['content-type'] = 'text/plain')],
  [
    'unauthenticated',
    401,
    (request) => (request.headers['authorization'] = 'Bearer no-key-of-ours'),
  ],
  ['forbidden', 403, (request) => (request.headers['authorization'] = `Bearer ${reader}`)],
  ['malformed-body', 400, (request) => (request.around = [request.around?.[0] ?? '', '}'])],
  [
    'idempotency-key-missing',
    400,
    (request) => {
      delete request.body?.['idempotency_key'];
      delete request.headers['idempotency-key'];
    },
  ],
  [
    'idempotency-key-mismatch',
    400,
    (request) => (request.headers['idempotency-key'] = randomUUID()),
  ],
  ['malformed-header', 400, (request) => (request.headers['if-match'] = '7')],
  ['validation-failed', 422, (request) => ((request.body ??= {})['extra'] = 1)],
];

for (const [index, [code, status, plant]] of faults.entries()) {
  test(`${code} answers ${status}, before every check that comes later`, async () => {
    for (const later of [undefined, ...faults.slice(index + 1)]) {
      for (const chunked of [false, true]) {
        const request = good();
        later?.[2](request);
        plant(request);
        const { status: answered, json, headers } = await exchange(wire(request, chunked), edge);
        const shown = `${later?.[0] ?? 'nothing'} besides, ${chunked ? 'chunked' : 'with length'}`;
        assert.equal(json['code'], code, shown);
        assert.equal(answered, status, shown);
        assert.equal(headers['content-type'], 'application/problem+json');
        assert.equal(json['type'], `/problems/${code}`);
        assert.equal(json['instance'], headers['x-request-id']);
      }
    }
  });
}

test('a request without fault reaches its handler', async () => {
  const request = good();
  request.path += '?dry_run=true';
  const { status, json, headers } = await ask(request);
  assert.equal(status, 200);
  assert.deepEqual(json['body'], request.body);
  assert.deepEqual(json['query'], { dry_run: true });
  assert.match(String(json['actor']), /^key:[0-9a-f-]{36}$/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
});

test('all violations of body, rules and query are answered at once', async () => {
  const request = good();
  request.path += '?dry_run=2&x=1';
  request.body = { idempotency_key: 'short', name: 'bad', a: 1, more: { z: '\0' } };
  const { status, json } = await ask(request);
  assert.equal(status, 422);
  const errors = json['errors'] as { pointer?: string; parameter?: string; code: string }[];
  assert.deepEqual(
    errors.map(({ pointer, parameter, code }) => `${pointer ?? parameter} ${code}`),
    [
      '/a unknown-member',
      '/idempotency_key format',
      '/more/z nul-character',
      '/name bad',
      'dry_run type',
      'x unknown-member',
    ],
  );
});

test('bodies that are no JSON object of ours are malformed', async () => {
  const deep = '['.repeat(10_000) + ']'.repeat(10_000);
  for (const text of ['[]', '{"a":1,"a":2}', `{"a":${deep}}`, '{"a":"\xff"}', '', '{']) {
    const head = `POST /v1/things HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${writer}\r\n`;
    const type = `content-type: application/json; charset=utf-8\r\n`;
    const bytes = Buffer.from(
      `${head}${type}content-length: ${text.length}\r\n\r\n${text}`,
      'latin1',
    );
    const { status, json } = await exchange(bytes, edge);
    assert.equal(status, 400, text.slice(0, 30));
    assert.equal(json['code'], 'malformed-body');
  }
});

test('only JSON in UTF-8 without compression is a supported media type', async () => {
  const statuses: Record<string, number> = {
    'application/json': 200,
    'Application/JSON; charset=UTF-8': 200,
    'application/json;charset="utf-8"': 200,
    'application/json; charset=latin1': 415,
    'application/merge-patch+json': 415,
    'application/jsonx': 415,
    nonsense: 415,
  };
  for (const [type, status] of Object.entries(statuses)) {
    const request = good();
    request.headers['content-type'] = type;
    assert.equal((await ask(request)).status, status, type);
  }
  const request = good();
  request.headers['content-encoding'] = 'gzip';
  assert.equal((await ask(request)).status, 415);
  delete request.headers['content-encoding'];
  delete request.headers['content-type'];
  assert.equal((await ask(request)).status, 415);
});

test('an action needs no body when the key is in the header, quoted or bare', async () => {
  const key = randomUUID();
  for (const header of [key, `"${key}"`]) {
    const request = { ...good(), path: '/v1/things/7/act', body: undefined };
    request.headers['idempotency-key'] = header;
    delete request.headers['content-type'];
    const { status, json } = await ask(request);
    assert.equal(status, 200);
    assert.deepEqual(json['body'], { idempotency_key: key });
  }
});

test('__proto__ in a body is refused', async () => {
  const request = good();
  const more = JSON.parse('{"__proto__":{"x":1}}') as unknown;
  const { status, json } = await ask({ ...request, body: { ...request.body, more } });
  assert.equal(status, 422);
  const [first] = json['errors'] as { pointer: string; code: string }[];
  assert.deepEqual([first?.pointer, first?.code], ['/more/__proto__', 'forbidden-member']);
});
