import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { CallFailure } from '../call-failure.ts';
import { GuardedHttp } from './guarded-http.ts';

let handle: (request: IncomingMessage, response: ServerResponse) => void;
const requests: { method: string; url: string; host: string | undefined }[] = [];
const server = createServer((request, response) => {
  const { method = '', url = '', headers } = request;
  requests.push({ method, url, host: headers.host });
  handle(request, response);
});
let port: number;
let http: GuardedHttp;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  http = new GuardedHttp({ guard: () => Promise.resolve('127.0.0.1'), maxAnswerBytes: 1_000 });
});
after(async () => {
  http.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => requests.splice(0));

async function send(method: string, path = '/', signal = AbortSignal.timeout(5_000)) {
  const url = new URL(`http://calendar.example:${port}${path}`);
  try {
    const body = method === 'PUT' ? { body: 'text' } : {};
    return await http.send({ method, url, headers: {}, signal, ...body });
  } catch (error) {
    assert.ok(error instanceof CallFailure, String(error));
    return `${error.kind} ${error.message}`;
  }
}

test('the checked address is called by the name, and the answer is read', async () => {
  handle = (_, response) => response.setHeader('etag', '"1"').end('grüß Gott');
  const answer = await send('GET', '/a?b=c');
  assert.ok(typeof answer === 'object');
  assert.deepEqual([answer.status, answer.text], [200, 'grüß Gott']);
  assert.equal(answer.headers.etag, '"1"');
  const host = `calendar.example:${port}`;
  assert.deepEqual(requests, [{ method: 'GET', url: '/a?b=c', host }]);
});

test('an answer that is too large is not read to its end, whether it says its length or not', async () => {
  handle = (_, response) => response.end('x'.repeat(1_001));
  assert.equal(await send('GET'), 'failed answer-too-large');
  handle = (_, response) => {
    const more = (): boolean => response.write('x'.repeat(100));
    more();
    const timer = setInterval(more, 1);
    response.on('close', () => clearInterval(timer));
  };
  assert.equal(await send('GET'), 'failed answer-too-large');
});

test('of a writing request the status counts, however the rest of the answer fares', async () => {
  handle = (_, response) => {
    response.writeHead(201, { 'content-length': 50 });
    response.write('half');
    setTimeout(() => response.destroy(), 5);
  };
  const answer = await send('PUT');
  assert.equal(typeof answer === 'object' && answer.status, 201);
  assert.equal(await send('GET'), 'failed connection-lost');
});

test('a connection that is lost after the request leaves writing ambiguous, reading not', async () => {
  handle = (request) => request.socket.destroy();
  assert.equal(await send('PUT'), 'ambiguous connection-lost');
  assert.equal(await send('DELETE'), 'ambiguous connection-lost');
  assert.equal(await send('REPORT'), 'failed connection-lost');
});

test('no answer in time is ambiguous for writing; without a connection nothing was done', async () => {
  handle = () => undefined;
  assert.equal(await send('PUT', '/', AbortSignal.timeout(50)), 'ambiguous no-answer');
  assert.equal(await send('GET', '/', AbortSignal.timeout(50)), 'failed no-answer');
  assert.equal(await send('PUT', '/', AbortSignal.abort()), 'failed no-answer');
  const nobody = new URL('http://calendar.example:1/');
  const signal = AbortSignal.timeout(5_000);
  await assert.rejects(http.send({ method: 'PUT', url: nobody, headers: {}, signal }), {
    ...{ kind: 'failed', message: 'no-connection' },
  });
});

test('a guard that does not come to an answer is not waited for', async () => {
  const stuck = new GuardedHttp({ guard: () => new Promise(() => undefined), maxAnswerBytes: 1 });
  const url = new URL('https://calendar.example/');
  const signal = AbortSignal.timeout(30);
  await assert.rejects(stuck.send({ method: 'PUT', url, headers: {}, signal }), { kind: 'failed' });
});

test('a kept connection that the server has closed meanwhile costs one more try', async () => {
  let seen = 0;
  handle = (request, response) => {
    seen += 1;
    if (seen === 2) request.socket.resetAndDestroy();
    else response.end('fine');
  };
  assert.equal(typeof (await send('GET')), 'object');
  const answer = await send('PUT');
  assert.equal(typeof answer === 'object' && answer.status, 200);
  assert.equal(seen, 3);
});

test('redirects are followed within the origin, twice at most', async () => {
  handle = ({ url }, response) => {
    if (url === '/end') response.end('there');
    else response.writeHead(308, { location: url === '/a' ? '/b' : '/end' }).end();
  };
  const answer = await send('GET', '/a');
  assert.equal(typeof answer === 'object' && answer.text, 'there');
  handle = (_, response) => response.writeHead(301, { location: '/again' }).end();
  assert.equal(await send('GET'), 'refused redirected');
  for (const location of [`http://127.0.0.1:${port}/`, 'https://calendar.example/', 'http://']) {
    handle = (_, response) => response.writeHead(302, { location }).end();
    assert.equal(await send('PUT'), 'refused redirected', location);
  }
});
