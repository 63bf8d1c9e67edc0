import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Principal } from '../../src/contract/principal.ts';
import type { Appointment } from '../../src/domain/appointment.ts';
import { findAppointment } from '../../src/store/read/appointments.ts';
import {
  customer,
  openApi,
  staff,
  type ApiAnswer,
  type ApiFixture,
} from '../support/api-fixture.ts';
import { eventually } from '../support/eventually.ts';

type Json = Record<string, unknown>;

const slot = { start_time: '2035-03-01T10:00:00Z', end_time: '2035-03-01T10:30:00Z' };
const path = '/v1/appointments/:id';

let api: ApiFixture;
before(async () => (api = await openApi()));
after(() => api.close());

function provider(resourceId: string): Principal {
  return { ...staff, actor: `user:works-as-${resourceId}`, resourceId };
}

function ask(route: string, id: string, more: { as?: Principal; body?: Json } = {}) {
  return api.request({ route, params: { id }, ...more });
}

const keyed = (body: Json = {}): Json => ({ idempotency_key: randomUUID(), ...body });

/** A confirmed appointment on the resource, and the command that made it. */
async function booked({ on, of = randomUUID() }: { on: string; of?: string }): Promise<{
  id: string;
  command: string;
}> {
  const body = keyed({ customer_id: of, slot, service_type: 'consultation' });
  const made = await api.request({ route: 'POST /v1/appointments', body });
  const id = String(made.body['id']);
  await api.store.query(
    `UPDATE commands SET state = 'applied', decided_at = now() WHERE appointment_id = $1`,
    [id],
  );
  await assign(id, on);
  return { id, command: made.headers?.['command-id'] ?? '' };
}

async function assign(id: string, resource: string): Promise<void> {
  await api.store.query(
    `UPDATE appointments SET state = 'CONFIRMED', version = version + 1, resource_id = $2
    WHERE appointment_id = $1`,
    [id, resource],
  );
}

async function listed(as: Principal): Promise<unknown[]> {
  const { body } = await api.request({ route: 'GET /v1/appointments', as });
  return (body['items'] as Json[]).map(({ id }) => id);
}

test('what is given to another resource is gone for the one that had it', async () => {
  const { id, command } = await booked({ on: 'had' });
  const [had, has] = [provider('had'), provider('has')];
  const body = keyed({ reason: 'ill' });
  const cancelled = await ask(`POST ${path}/cancel`, id, { as: had, body });
  assert.equal(cancelled.status, 202);
  const own = cancelled.headers?.['command-id'] ?? '';
  const calls: [string, string, Json?][] = [
    [`GET ${path}`, id],
    [`GET ${path}/timeline`, id],
    ['GET /v1/commands/:id', command],
    ['GET /v1/commands/:id', own],
    [`POST ${path}/cancel`, id, body],
  ];
  const statuses = (as: Principal): Promise<number[]> =>
    Promise.all(
      calls.map(async ([route, of, sent]) => {
        return (await ask(route, of, { as, ...(sent && { body: sent }) })).status;
      }),
    );
  assert.deepEqual(await statuses(had), [200, 200, 200, 200, 202]);
  assert.deepEqual(await listed(had), [id]);
  await assign(id, 'has');
  assert.deepEqual(await statuses(had), [404, 404, 404, 404, 404]);
  assert.deepEqual(await listed(had), []);
  assert.deepEqual(await listed(has), [id]);
  assert.deepEqual((await statuses(has)).slice(0, 3), [200, 200, 200]);
});

test('what a provider asks for is bound to its resource until it is decided', async () => {
  const { id } = await booked({ on: 'bound' });
  const payloads: Record<string, unknown>[] = [];
  for (const [route, body] of [
    [`POST ${path}/start`, {}],
    [`POST ${path}/cancel`, { reason: 'ill' }],
    [`PATCH ${path}`, { metadata: { a: 1 } }],
  ] as const) {
    const { status, headers } = await ask(route, id, { as: provider('bound'), body: keyed(body) });
    assert.equal(status, 202);
    const [row] = await api.store.query<{ payload: Json }>(
      'SELECT payload FROM commands WHERE command_id = $1',
      [headers?.['command-id']],
    );
    payloads.push(row?.payload ?? {});
  }
  assert.deepEqual(payloads, [
    { only_resource: 'bound' },
    { only_resource: 'bound', reason: 'ill' },
    { only_resource: 'bound', metadata: '{"a":1}' },
  ]);
});

test('who waits is not told of what another resource was given meanwhile', async () => {
  const { id } = await booked({ on: 'waiting' });
  const as = provider('waiting');
  const waiting = api.request({
    ...{ route: `POST ${path}/start`, params: { id }, as, body: keyed() },
    headers: { prefer: 'wait=10' },
  });
  const [row] = await eventually(async () => {
    const rows = await api.store.query<{ id: string }>(
      `SELECT command_id AS id FROM commands WHERE appointment_id = $1 AND state = 'pending'`,
      [id],
    );
    return rows.length > 0 ? rows : undefined;
  });
  const about = await findAppointment(api.reads.of('default'), { id, reach: staff });
  const appointment: Appointment = { ...about!, resourceId: 'another' };
  api.publish({ tenantId: 'default', commandId: row!.id, state: 'applied', appointment });
  const { status, body } = await waiting;
  assert.deepEqual([status, JSON.stringify(body).includes('another')], [404, false]);
});

test('a duplicate that waited for the first is answered only to those whose it is', async () => {
  const owner = randomUUID();
  const { id } = await booked({ on: 'r', of: owner });
  const body = keyed();
  const cancel = (as: Principal): Promise<ApiAnswer> =>
    ask(`POST ${path}/cancel`, id, { as, body });
  // Nobody gets a command in for it as long as this is held.
  const held = api.database.transaction(async (queries) => {
    await queries.script(`SELECT pg_advisory_xact_lock(730514, uuid_hash('${id}'))`);
    const first = cancel(customer(owner));
    await eventually(async () => {
      const [row] = await api.store.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return (row?.waiting ?? 0) > 0;
    });
    return { first, others: [customer(randomUUID()), provider('s'), staff].map(cancel) };
  });
  const { first, others } = await held;
  assert.equal((await first).status, 202);
  assert.deepEqual(
    (await Promise.all(others)).map(({ status }) => status),
    [404, 404, 202],
  );
});
