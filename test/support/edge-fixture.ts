import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { Type } from 'typebox';
import { idempotencyKey } from '../../src/contract/idempotency-key.ts';
import type { Call, Route } from '../../src/contract/route.ts';
import { createAdminServer, createGateway, type Gateway } from '../../src/gateway/index.ts';
import type { TokenTrust } from '../../src/gateway/token-authenticator.ts';
import { systemClock, type Clock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import type { Database } from '../../src/io/postgres.ts';
import { sha256, systemRandom } from '../../src/io/random.ts';
import { insertKeyIfAbsent } from '../../src/store/write/api-keys.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { openPools } from './pools.ts';

export const writer = 'writer-key-0123456789';
export const reader = 'reader-key-0123456789';
const closed = { additionalProperties: false };

// Routes that show what reached the handler.
const echo = ({ body, query, params, requestId, traceparent, principal }: Call) =>
  Promise.resolve({
    status: 200,
    body: { body, query, params, requestId, traceparent, actor: principal.actor },
  });
/** Lets the request that waits at /v1/slow go on. */
export const slow = { release: (): void => undefined };

export const routes: Route[] = [
  {
    method: 'POST',
    path: '/v1/things',
    summary: 'A route of the tests',
    scopes: ['appointments:write'],
    ownership: 'tenant',
    idempotent: true,
    body: Type.Object(
      {
        idempotency_key: idempotencyKey,
        name: Type.String({ minLength: 1 }),
        more: Type.Optional(Type.Unsafe({ type: 'object' })),
      },
      closed,
    ),
    query: Type.Object({ dry_run: Type.Optional(Type.Boolean()) }, closed),
    check: (body) =>
      (body as { name?: unknown }).name === 'bad'
        ? [{ pointer: '/name', code: 'bad', message: 'is bad' }]
        : [],
    handle: echo,
  },
  {
    method: 'GET',
    path: '/v1/things/:id',
    summary: 'A route of the tests',
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'customer',
    handle: echo,
  },
  {
    method: 'POST',
    path: '/v1/things/:id/act',
    summary: 'A route of the tests',
    scopes: ['appointments:write'],
    ownership: 'tenant',
    idempotent: true,
    bodyOptional: true,
    body: Type.Object({ idempotency_key: idempotencyKey }, closed),
    handle: echo,
  },
  {
    method: 'GET',
    path: '/v1/slow',
    summary: 'A route of the tests',
    scopes: ['appointments:read'],
    ownership: 'tenant',
    handle: () =>
      new Promise((resolve) => {
        slow.release = () => resolve({ status: 200, body: { done: true } });
      }),
  },
  {
    method: 'GET',
    path: '/v1/broken',
    summary: 'A route of the tests',
    scopes: ['appointments:read'],
    ownership: 'tenant',
    handle: () => Promise.reject(new Error('secret detail')),
  },
  {
    method: 'GET',
    path: '/v1/offline',
    summary: 'A route of the tests',
    scopes: ['appointments:read'],
    ownership: 'tenant',
    handle: () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })),
  },
];

const metrics = createMetrics();
const common = { clock: systemClock, random: systemRandom, log: createLog('silent', 'test') };

export interface GatewayOptions {
  receiveTimeoutMs?: number;
  drainTimeoutMs?: number;
  trust?: TokenTrust;
  clock?: Clock;
}

export interface EdgeFixture {
  database: Database;
  directory: Database;
  planted: TestDatabase;
  gateway(options?: GatewayOptions): Gateway;
  admin(notReady: () => readonly string[]): Gateway;
  addKey(key: string, scopes: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}

/** A database with two keys and gateways over it that serve the routes above. */
export async function openEdge(): Promise<EdgeFixture> {
  const planted = await freshDatabase();
  await planted.query(`INSERT INTO tenants (tenant_id, name) VALUES ('default', 'Default')
    ON CONFLICT DO NOTHING`);
  const pools = openPools(planted.url, 'edge');
  const { database, directory } = pools;
  const config = { host: '127.0.0.1', port: 0 };
  const addKey: EdgeFixture['addKey'] = (key, scopes) =>
    insertKeyIfAbsent(database, 1, {
      tenantId: 'default',
      keyId: randomUUID(),
      prefix: key.slice(0, 6),
      hash: sha256(key),
      scopes,
      by: { actor: 'test', requestId: null },
    });
  await addKey(writer, ['appointments:write', 'appointments:read']);
  await addKey(reader, ['appointments:read', 'appointments:self', 'no-such-scope']);
  return {
    database,
    directory,
    planted,
    gateway: ({ trust, clock = common.clock, ...timeouts } = {}) =>
      createGateway({
        ...common,
        ...{ clock, trust },
        config: { ...config, ...timeouts },
        directory,
        metrics,
        routes,
        onKeyUse: () => undefined,
        notReady: () => [],
      }),
    admin: (notReady) => createAdminServer({ ...common, config, metrics, notReady }),
    addKey,
    close: async () => {
      await pools.close();
      await planted.drop();
    },
  };
}

export interface Reply {
  status: number;
  headers: Record<string, string>;
  text: string;
  json: Record<string, unknown>;
}

/** Writes bytes as they are and reads one answer, until its length is reached or the end. */
export function exchange(bytes: string | Buffer, server: Gateway): Promise<Reply> {
  const { host, port } = server.address();
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true }, () => socket.write(bytes));
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const reply = parseReply(received);
      if (reply === undefined) return;
      resolve(reply);
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('end', () => {
      socket.destroy();
      reject(new Error(`no answer in "${received.toString()}"`));
    });
  });
}

export function parseReply(bytes: Buffer): Reply | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...fields] = bytes.subarray(0, end).toString().split('\r\n');
  const headers = Object.fromEntries(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  );
  const text = bytes.subarray(end + 4).toString();
  const status = Number(line.split(' ')[1]);
  const length = status === 304 ? 0 : Number(headers['content-length'] ?? 0);
  if (Buffer.byteLength(text) < length) return undefined;
  const json = headers['content-type']?.includes('json') === true && text !== '';
  return { status, headers, text, json: json ? (JSON.parse(text) as Reply['json']) : {} };
}

export interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown> | undefined;
  /** Put before and after the body's text. */
  around?: [string, string];
}

export function good(): Request {
  return {
    method: 'POST',
    path: '/v1/things',
    headers: { authorization: `Bearer ${writer}`, 'content-type': 'application/json' },
    body: { idempotency_key: randomUUID(), name: 'a' },
  };
}

export function wire(
  { method, path, headers, body, around = ['', ''] }: Request,
  chunked = false,
): string {
  const text = body === undefined ? '' : around[0] + JSON.stringify(body) + around[1];
  const fields = Object.entries({ host: 'x', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `${method} ${path} HTTP/1.1\r\n${fields.join('')}`;
  const length = Buffer.byteLength(text);
  if (body === undefined) return `${head}\r\n`;
  if (!chunked) return `${head}content-length: ${length}\r\n\r\n${text}`;
  return `${head}transfer-encoding: chunked\r\n\r\n${length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}
