import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { after, before } from 'node:test';
import { freshDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { rawRequest } from './raw-request.ts';
import { startService, type Service } from './service.ts';

export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Empty where the answer is no JSON. */
  body: Record<string, unknown>;
  text: string;
}

export interface HttpCall {
  body?: unknown;
  /** The body as it is, instead of one that is written as JSON. */
  text?: string | Buffer;
  headers?: Record<string, string>;
  /** Seconds for `Prefer: wait`. */
  wait?: number;
  /** Null for none. */
  key?: string | null;
}

export interface KeyGrant {
  scopes: readonly string[];
  tenant?: string;
}

/** The service as a separate process, spoken to through the contract alone. */
export interface ContractService {
  service: Service;
  database: TestDatabase;
  /** `call` is method and path. Every answer is held against the service's own document. */
  send(call: string, options?: HttpCall): Promise<HttpAnswer>;
  /** Books the n-th free hour, waits until it is confirmed and answers the appointment. */
  confirmed(changes?: Record<string, unknown>): Promise<Record<string, unknown>>;
  stateOf(id: unknown): Promise<unknown>;
  /** PUT, once there is an engine that takes it. */
  put(path: string, body: object): Promise<HttpAnswer>;
  /** A key that may do just this. */
  addKey(grant: KeyGrant): Promise<string>;
  /** A tenant with the service types that there are from the start. */
  addTenant(tenant: string, settings?: object): Promise<void>;
  close(): Promise<void>;
}

export const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const allHours = [{ days: everyDay, start: '00:00', end: '24:00' }];
let hours = 0;

/** An hour of its own for each caller, some days from now. */
export function freshHour(): { start_time: string; end_time: string } {
  hours += 1;
  const day = Math.floor(Date.now() / 86_400_000) + 3;
  return hourAt(day * 86_400_000 + hours * 3_600_000);
}

export function hourAt(startMs: number): { start_time: string; end_time: string } {
  return { start_time: instantAt(startMs), end_time: instantAt(startMs + 3_600_000) };
}

export function instantAt(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

export function keyed(body: object = {}): Record<string, unknown> {
  return { idempotency_key: randomUUID(), ...body };
}

export function booking(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return keyed({
    customer_id: randomUUID(),
    slot: freshHour(),
    service_type: 'consultation',
    ...changes,
  });
}

/** Somebody who works at the place `here` at all hours. */
export function person(changes: object = {}): Record<string, unknown> {
  return {
    ...{ name: 'Somebody', service_types: ['consultation'], locations: ['here'], time_zone: 'UTC' },
    working_hours: allHours,
    ...changes,
  };
}

/**
 * The service of a test file: started before its tests, closed after them. What else the tests
 * need beforehand is prepared here, because hooks of one file do not wait for each other.
 */
export function contractSuite(
  resources = 1,
  prepare: (contract: ContractService) => Promise<void> = () => Promise.resolve(),
): ContractService {
  let opened: ContractService | undefined;
  before(async () => {
    opened = await openContractService(resources);
    await prepare(opened);
  });
  after(() => opened?.close());
  const open = (): ContractService => opened ?? assert.fail('it starts before the tests');
  return {
    get service() {
      return open().service;
    },
    get database() {
      return open().database;
    },
    send: (call, options) => open().send(call, options),
    confirmed: (changes) => open().confirmed(changes),
    stateOf: (id) => open().stateOf(id),
    put: (path, body) => open().put(path, body),
    addKey: (grant) => open().addKey(grant),
    addTenant: (tenant, settings) => open().addTenant(tenant, settings),
    close: () => open().close(),
  };
}

/** With `resources` people (`r0`, …) at one place (`here`) at all hours. */
export async function openContractService(
  resources = 1,
  env: Record<string, string> = {},
): Promise<ContractService> {
  const database = await freshDatabase();
  const service = await startService({ databaseUrl: database.url, env });
  const agent = new Agent({ keepAlive: true });
  const check = await OpenApiCheck.of(service.url);
  const send: ContractService['send'] = (call, options) =>
    request({ service, agent, check }, call, options);
  const opened: ContractService = {
    service,
    database,
    send,
    confirmed: (changes) => confirmed(send, changes),
    stateOf: async (id) => (await send(`GET /v1/appointments/${String(id)}`)).body['state'],
    put: (path, body) => put(send, path, body),
    addKey: (grant) => addKey(database, grant),
    addTenant: (tenant, settings) => addTenant(database, tenant, settings),
    close: async () => {
      agent.destroy();
      await service.close();
      await database.drop();
    },
  };
  await opened.put('/v1/locations/here', { name: 'Here', time_zone: 'UTC' });
  for (let index = 0; index < resources; index += 1) {
    await opened.put(`/v1/resources/r${index}`, person({ name: `R${index}` }));
  }
  return opened;
}

interface Connection {
  service: Service;
  agent: Agent;
  check: OpenApiCheck;
}

async function request(
  { service, agent, check }: Connection,
  call: string,
  { body, text, headers, wait, key = service.key }: HttpCall = {},
): Promise<HttpAnswer> {
  const [method = '', path = ''] = call.split(' ');
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const observed = await rawRequest(service.url, agent, {
    method,
    path,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...(wait !== undefined && { prefer: `wait=${wait}` }),
      ...headers,
    },
    body: sent,
  });
  check.assert(observed);
  const answered = String(observed.body);
  const isJson = /^application\/(problem\+)?json/.test(observed.headers['content-type'] ?? '');
  return {
    status: observed.status,
    headers: new Headers(observed.headers),
    body: isJson && answered !== '' ? (JSON.parse(answered) as HttpAnswer['body']) : {},
    text: answered,
  };
}

async function put(send: ContractService['send'], path: string, body: object): Promise<HttpAnswer> {
  const answer = await eventually(async () => {
    const tried = await send(`PUT ${path}`, { body });
    return tried.status === 503 ? undefined : tried;
  });
  assert.ok(answer.status < 300, answer.text);
  return answer;
}

async function confirmed(
  send: ContractService['send'],
  changes: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const made = await send('POST /v1/appointments', { body: booking(changes), wait: 20 });
  assert.equal(made.status, 201, made.text);
  return eventually(async () => {
    const { body } = await send(`GET /v1/appointments/${String(made.body['id'])}`);
    return body['state'] === 'CONFIRMED' ? body : undefined;
  });
}

async function addKey(
  database: TestDatabase,
  { scopes, tenant = 'default' }: KeyGrant,
): Promise<string> {
  const key = `granted-${randomBytes(12).toString('hex')}`;
  await database.query(
    `INSERT INTO api_keys (tenant_id, key_id, prefix, hash, scopes) VALUES ($1, $2, $3, $4, $5)`,
    [tenant, randomUUID(), 'granted', createHash('sha256').update(key).digest(), scopes],
  );
  return key;
}

async function addTenant(
  database: TestDatabase,
  tenant: string,
  settings: object = {},
): Promise<void> {
  await database.query(
    `WITH made AS (
      INSERT INTO tenants (tenant_id, name, settings) VALUES ($1, $1, $2) RETURNING tenant_id
    ), typed AS (
      INSERT INTO service_types (tenant_id, code, name)
      SELECT made.tenant_id, code, name FROM made,
        service_types WHERE service_types.tenant_id = 'default')
    INSERT INTO regions (tenant_id, region) SELECT tenant_id, 'default' FROM made`,
    [tenant, JSON.stringify(settings)],
  );
}
