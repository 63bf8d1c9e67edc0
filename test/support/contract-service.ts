import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { freshDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { startService, type Service } from './service.ts';

export interface HttpAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export interface HttpCall {
  body?: unknown;
  headers?: Record<string, string>;
  /** Seconds for `Prefer: wait`. */
  wait?: number;
  key?: string;
}

/** The service as a separate process, spoken to through the contract alone. */
export interface ContractService {
  service: Service;
  database: TestDatabase;
  /** `call` is method and path: `PATCH /v1/appointments/…`. */
  send(call: string, options?: HttpCall): Promise<HttpAnswer>;
  /** Books the n-th free hour, waits until it is confirmed and answers the appointment. */
  confirmed(changes?: Record<string, unknown>): Promise<Record<string, unknown>>;
  stateOf(id: unknown): Promise<unknown>;
  close(): Promise<void>;
}

const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
let hours = 0;

/** An hour of its own for each caller, some days from now. */
export function freshHour(): { start_time: string; end_time: string } {
  hours += 1;
  const day = Math.floor(Date.now() / 86_400_000) + 3;
  return hourAt(day * 86_400_000 + hours * 3_600_000);
}

export function hourAt(startMs: number): { start_time: string; end_time: string } {
  const text = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
  return { start_time: text(startMs), end_time: text(startMs + 3_600_000) };
}

export function booking(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    idempotency_key: randomUUID(),
    customer_id: randomUUID(),
    slot: freshHour(),
    service_type: 'consultation',
    ...changes,
  };
}

/** With `resources` people (`r0`, …) at one place (`here`) at all hours. */
export async function openContractService(resources = 1): Promise<ContractService> {
  const database = await freshDatabase();
  const service = await startService({ databaseUrl: database.url });
  const send: ContractService['send'] = (call, options) => request(service, call, options);
  const opened: ContractService = {
    service,
    database,
    send,
    confirmed: (changes) => confirmed(send, changes),
    stateOf: async (id) => (await send(`GET /v1/appointments/${String(id)}`)).body['state'],
    close: async () => {
      await service.close();
      await database.drop();
    },
  };
  await put(opened, '/v1/locations/here', { name: 'Here', time_zone: 'UTC' });
  for (let index = 0; index < resources; index += 1) {
    await put(opened, `/v1/resources/r${index}`, {
      ...{ name: `R${index}`, service_types: ['consultation'], locations: ['here'] },
      time_zone: 'UTC',
      working_hours: [{ days: everyDay, start: '00:00', end: '24:00' }],
    });
  }
  return opened;
}

async function put({ send }: ContractService, path: string, body: object): Promise<void> {
  const answer = await eventually(async () => {
    const tried = await send(`PUT ${path}`, { body });
    return tried.status === 503 ? undefined : tried;
  });
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
}

async function request(
  { url, key }: Service,
  call: string,
  options: HttpCall = {},
): Promise<HttpAnswer> {
  const [method = '', path = ''] = call.split(' ');
  const answer = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${options.key ?? key}`,
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
      ...(options.wait !== undefined && { prefer: `wait=${options.wait}` }),
      ...options.headers,
    },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  });
  const text = await answer.text();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: answer.status, headers: answer.headers, body };
}

async function confirmed(
  send: ContractService['send'],
  changes: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const made = await send('POST /v1/appointments', { body: booking(changes), wait: 20 });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return eventually(async () => {
    const { body } = await send(`GET /v1/appointments/${String(made.body['id'])}`);
    return body['state'] === 'CONFIRMED' ? body : undefined;
  });
}
