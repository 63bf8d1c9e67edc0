import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { Route } from '../../src/contract/route.ts';
import type { Gateway } from '../../src/gateway/index.ts';
import { prepareRoute } from '../../src/gateway/mounted-route.ts';
import { markKeyUsed } from '../../src/store/write/api-keys.ts';
import {
  exchange,
  good,
  openEdge,
  reader,
  slow,
  wire,
  type EdgeFixture,
  type Reply,
} from '../support/edge-fixture.ts';
import { eventually } from '../support/eventually.ts';

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

function get(path: string, headers: Record<string, string> = {}, server = edge): Promise<Reply> {
  const authorization = `Bearer ${reader}`;
  const request = { method: 'GET', path, headers: { authorization, ...headers }, body: undefined };
  return exchange(wire(request), server);
}

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;

test('a well-formed request id comes back, any other is replaced', async () => {
  const own = await get('/v1/things/1', { 'x-request-id': 'My-id_1.2' });
  assert.equal(own.headers['x-request-id'], 'My-id_1.2');
  assert.equal(own.json['requestId'], 'My-id_1.2');
  for (const id of ['a b', 'x'.repeat(129), 'a/b', '']) {
    const { headers } = await get('/v1/nowhere', { 'x-request-id': id });
    assert.match(headers['x-request-id'] ?? '', uuidV7, id);
  }
});

test('a trace is continued under its id', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const { json } = await get('/v1/things/1', { traceparent: `00-${trace}-00f067aa0ba902b7-01` });
  assert.match(String(json['traceparent']), new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)`));
});

test('405 lists every method that the address takes, for any method at all', async () => {
  const one = await exchange('PROPFIND /v1/things/1 HTTP/1.1\r\nhost: x\r\n\r\n', edge);
  assert.deepEqual([one.status, one.headers['allow']], [405, 'GET, HEAD']);
  const act = await get('/v1/things/1/act?x=1');
  assert.deepEqual([act.status, act.headers['allow']], [405, 'POST']);
  const options = await exchange('OPTIONS /v1/things HTTP/1.1\r\nhost: x\r\n\r\n', edge);
  assert.deepEqual([options.status, options.headers['allow']], [405, 'POST']);
});

test('addresses that nothing can have are 404', async () => {
  for (const path of [
    '/v1',
    '/v1/things/%zz',
    '/v1/things/a%00b',
    `/v1/things/${'x'.repeat(2_000)}`,
  ]) {
    const { status, json, headers } = await get(path);
    assert.equal(status, 404, path);
    assert.equal(json['code'], 'not-found', path);
    assert.equal(json['instance'], headers['x-request-id'], path);
  }
});

test('HEAD answers as GET without a body', async () => {
  const head = `authorization: Bearer ${reader}\r\nhost: x\r\nconnection: close\r\n\r\n`;
  const text = await readAll(`HEAD /v1/things/1 HTTP/1.1\r\n${head}`);
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.match(text, /content-length: [1-9]/i);
  assert.match(text, /\r\n\r\n$/);
  assert.match(await readAll(`HEAD /v1/things HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 405 /);
});

test('errors that nobody expected say nothing, lost servers say when to come back', async () => {
  const broken = await get('/v1/broken');
  assert.deepEqual([broken.status, broken.json['code']], [500, 'internal-error']);
  assert.ok(!broken.text.includes('secret'));
  const offline = await get('/v1/offline');
  assert.deepEqual([offline.status, offline.json['code']], [503, 'unavailable']);
  assert.equal(offline.headers['retry-after'], '1');
});

test('every problem has a page, without credentials', async () => {
  const page = await exchange('GET /problems/not-found HTTP/1.1\r\nhost: x\r\n\r\n', edge);
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'] ?? '', /^text\/html/);
  assert.match(page.text, /<h1>Not found<\/h1>/);
  assert.equal((await get('/problems/toString')).status, 404);
});

test('credentials in any other form are refused with a challenge', async () => {
  for (const authorization of [
    '',
    'Basic YTpi',
    'Bearer',
    'Bearer short',
    `Bearer ${'x'.repeat(201)}`,
  ]) {
    const { status, headers } = await get('/v1/things/1', { authorization });
    assert.equal(status, 401, authorization);
    assert.match(headers['www-authenticate'] ?? '', /^Bearer/);
  }
  assert.equal((await get('/v1/things/1', { authorization: `bearer ${reader}` })).status, 200);
});

test('a key is refused once revoked or expired, and no key replaces another', async () => {
  const key = 'short-lived-key-0123456789';
  const authorization = `Bearer ${key}`;
  const status = async (): Promise<number> => (await get('/v1/things/1', { authorization })).status;
  assert.equal(await status(), 401);
  assert.equal(await fixture.addKey(key, ['appointments:read']), true);
  await eventually(async () => (await status()) === 200);
  assert.equal(await fixture.addKey(key, ['admin']), false);
  const byPrefix = `WHERE prefix = 'short-'`;
  await fixture.planted.query(
    `UPDATE api_keys SET expires_at = now() - interval '1 s' ${byPrefix}`,
  );
  await eventually(async () => (await status()) === 401);
  await fixture.planted.query(`UPDATE api_keys SET expires_at = NULL ${byPrefix}`);
  await eventually(async () => (await status()) === 200);
  await fixture.planted.query(`UPDATE api_keys SET revoked_at = now() ${byPrefix}`);
  await eventually(async () => (await status()) === 401);
});

test('the use of a key is written down at most once a minute, whoever reports it', async () => {
  await fixture.addKey('used-key-0123456789', ['appointments:read']);
  const [row] = await fixture.planted.query<{ key_id: string }>(
    `SELECT key_id FROM api_keys WHERE prefix = 'used-k'`,
  );
  const key = { tenantId: 'default', keyId: row?.key_id ?? '' };
  const used = async (): Promise<unknown> => {
    await Promise.all([1, 2, 3].map(() => markKeyUsed(fixture.database, 1, key)));
    const rows = await fixture.planted.query(
      `SELECT last_used_at, now() - last_used_at < interval '59 s' AS recently
      FROM api_keys WHERE prefix = 'used-k'`,
    );
    return rows[0];
  };
  const first = await used();
  assert.deepEqual(await used(), first);
  await fixture.planted.query(
    `UPDATE api_keys SET last_used_at = now() - interval '61 s' WHERE prefix = 'used-k'`,
  );
  assert.deepEqual(((await used()) as { recently: boolean }).recently, true);
});

test('a scope of customers is worth nothing without a customer', async () => {
  const key = 'self-only-key-0123456789';
  await fixture.addKey(key, ['appointments:self']);
  assert.equal((await get('/v1/things/1', { authorization: `Bearer ${key}` })).status, 403);
});

test('headers beyond 16 KiB are 431, however much follows', async () => {
  for (const size of [17_000, 400_000]) {
    const { status, json, headers } = await get('/v1/things/1', { 'x-filler': 'x'.repeat(size) });
    assert.deepEqual([status, json['code']], [431, 'headers-too-large']);
    assert.match(headers['x-request-id'] ?? '', uuidV7);
  }
});

test('what is not HTTP is answered as a problem', async () => {
  for (const text of [
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /\r\nbad header\r\n\r\n',
  ]) {
    const { status, json, headers } = await exchange(text, edge);
    assert.equal(status, 400, text);
    assert.equal(json['instance'], headers['x-request-id']);
    assert.equal(headers['connection'], 'close');
  }
  const smuggled = 'content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
  const { status } = await exchange(`POST /v1/things HTTP/1.1\r\nhost: x\r\n${smuggled}`, edge);
  assert.equal(status, 400);
});

test('HTTP/1.1 without a host is refused, an unknown expectation is not', async () => {
  const none = await exchange('GET /healthz HTTP/1.1\r\n\r\n', edge);
  assert.deepEqual([none.status, none.json['code']], [400, 'malformed-header']);
  assert.equal((await exchange('GET /healthz HTTP/1.0\r\n\r\n', edge)).status, 200);
  assert.equal((await get('/v1/things/1', { expect: 'wonders' })).status, 200);
});

test('a body too large is refused before it is sent, and the connection serves on', async () => {
  const head = 'POST /v1/things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  const declared = await exchange(`${head}content-length: 2000000\r\n\r\n`, edge);
  assert.equal(declared.status, 413);
  const endless = `${head}transfer-encoding: chunked\r\n\r\n${'fff0\r\n' + 'x'.repeat(0xfff0)}\r\n`;
  assert.equal((await exchange(endless + endless.slice(head.length + 30), edge)).status, 413);
  const next = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  const both = await readAll(`${head}content-length: 70000\r\n\r\n${'x'.repeat(70_000)}${next}`);
  assert.deepEqual(both.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 413', 'HTTP/1.1 200']);
});

test('pipelined requests are answered in their order', async () => {
  const once = (id: string): string =>
    `GET /v1/things/${id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${reader}\r\n`;
  const text = await readAll(
    `${once('a')}\r\n${once('b')}\r\n${once('c')}connection: close\r\n\r\n`,
  );
  assert.deepEqual(text.match(/"id":"\w"/g), ['"id":"a"', '"id":"b"', '"id":"c"']);
});

test('what follows a request that waits is never answered in its place', async () => {
  const first = `GET /v1/slow HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${reader}\r\n\r\n`;
  await assert.rejects(exchange(`${first}nonsense\r\n\r\n`, edge), /no answer in ""|ECONNRESET/);
});

test('headers and bodies that stall are given up with 408', async () => {
  const hasty = fixture.gateway({ receiveTimeoutMs: 300 });
  await hasty.start();
  try {
    const request = good();
    request.headers['x-request-id'] = 'stalls';
    const body = await exchange(wire(request).slice(0, -5), hasty);
    assert.deepEqual([body.status, body.json['code']], [408, 'request-timeout']);
    assert.equal(body.headers['x-request-id'], 'stalls');
    assert.equal((await exchange('GET / HTTP/1.1\r\nhost: x\r\nx-a', hasty)).status, 408);
  } finally {
    await hasty.stop();
  }
});

test('a stopping gateway finishes what it has begun and says goodbye', async () => {
  const server = fixture.gateway();
  assert.equal(server.ready(), 'starting');
  await server.start();
  assert.equal(server.ready(), undefined);
  slow.release = () => undefined;
  const idle = slow.release;
  const pending = get('/v1/slow', {}, server);
  await eventually(() => slow.release !== idle);
  const stopped = server.stop();
  assert.equal(server.ready(), 'draining');
  slow.release();
  const { status, json, headers } = await pending;
  assert.deepEqual([status, json], [200, { done: true }]);
  assert.equal(headers['connection'], 'close');
  await stopped;
});

test('a stopping gateway does not wait for ever', async () => {
  const server = fixture.gateway({ drainTimeoutMs: 200 });
  await server.start();
  slow.release = () => undefined;
  const idle = slow.release;
  const pending = get('/v1/slow', {}, server);
  const lost = assert.rejects(pending, /no answer|ECONNRESET/);
  await eventually(() => slow.release !== idle);
  await server.stop();
  await lost;
});

test('the admin port tells metrics, life and what is not ready', async () => {
  const reasons: string[] = [];
  const admin = fixture.admin(() => reasons);
  await admin.start();
  try {
    await get('/v1/things/1');
    const metrics = await get('/metrics', {}, admin);
    assert.match(
      metrics.text,
      /http_request_duration_seconds_count\{[^}]*route="\/v1\/things\/:id"/,
    );
    assert.equal((await get('/readyz', {}, admin)).status, 200);
    reasons.push('engine: no database');
    const unready = await get('/readyz', {}, admin);
    assert.deepEqual([unready.status, unready.json['reasons']], [503, reasons]);
    assert.equal((await get('/healthz', {}, admin)).status, 200);
    assert.equal((await get('/v1/things/1', {}, admin)).status, 404);
  } finally {
    await admin.stop();
  }
});

test('a route that does not say who may call it stops the start', () => {
  const route: Route = {
    method: 'GET',
    path: '/x',
    summary: 'A route of the tests',
    scopes: ['admin'],
    ownership: 'tenant',
    handle: () => Promise.resolve({ status: 200 }),
  };
  assert.equal(prepareRoute(route).route, route);
  const without = (name: keyof Route): Route => {
    const rest: Partial<Route> = { ...route };
    delete rest[name];
    return rest as Route;
  };
  assert.throws(() => prepareRoute(without('scopes')), /GET \/x declares no scopes/);
  assert.throws(() => prepareRoute(without('ownership')), /declares no ownership/);
  assert.throws(() => prepareRoute({ ...route, scopes: [] }), /is not public/);
  assert.throws(() => prepareRoute({ ...route, ownership: 'public' }), /is public and has scopes/);
});

/** Everything the server sends until it closes the connection. */
function readAll(text: string): Promise<string> {
  const { host, port } = edge.address();
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ host, port, allowHalfOpen: true }, () => socket.write(text));
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('end', () => {
      socket.destroy();
      resolve(received);
    });
    socket.on('error', reject);
  });
}
