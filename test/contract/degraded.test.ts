import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  booking,
  contractSuite,
  freshHour,
  keyed,
  type HttpAnswer,
} from '../support/contract-service.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { readiness } from '../support/service-run.ts';

// A process of the service without an engine, which reaches its database by a way that can be cut.
let proxy: FaultProxy;
let held: Record<string, unknown>;

const contract = contractSuite(1, async ({ confirmed, database, service }) => {
  held = await confirmed();
  proxy = await startFaultProxy(database.url);
  await service.kill('SIGTERM');
  await service.restart({ SLOTWRIGHT_ROLES: 'gateway,api', DATABASE_URL: proxy.url });
});
const { send } = contract;

const readyz = () => readiness(contract.service.adminUrl);

function isUnavailable({ status, headers, body, text }: HttpAnswer): void {
  assert.deepEqual([status, body['code']], [503, 'unavailable'], text);
  assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
}

test('`readyz` is 200 when every role of the process can do its work', async () => {
  assert.deepEqual(await readyz(), { status: 200, reasons: [] });
});

test('202 when N runs out', async () => {
  const made = await send('POST /v1/appointments', { body: booking(), wait: 1 });
  assert.deepEqual([made.status, made.body['state']], [202, 'INIT'], made.text);
  assert.equal(made.headers.get('preference-applied'), 'wait=1');
  const path = `/v1/appointments/${String(held['id'])}`;
  const patched = await send(`PATCH ${path}`, { body: keyed({ metadata: { a: 1 } }), wait: 1 });
  assert.deepEqual([patched.status, patched.body['metadata']], [202, {}]);
  const command = String(patched.headers.get('command-id'));
  const { body } = await send(`GET /v1/commands/${command}`);
  assert.deepEqual([body['state'], body['problem'], body['decided_at']], ['pending', null, null]);
});

test(
  'Same key and content: the current state of the appointment with `Idempotency-Replayed: ' +
    'true`, 202 while its command is pending',
  async () => {
    const path = `/v1/appointments/${String(held['id'])}`;
    for (const [call, body] of [
      ['POST /v1/appointments', booking()],
      [`PATCH ${path}`, keyed({ metadata: { b: 1 } })],
      [`POST ${path}/cancel`, keyed()],
    ] as const) {
      const first = await send(call, { body });
      for (const wait of [undefined, 0]) {
        const again = await send(call, { body, ...(wait !== undefined && { wait }) });
        assert.deepEqual([again.status, again.body['id']], [202, first.body['id']], call);
        assert.equal(again.headers.get('idempotency-replayed'), 'true');
        assert.equal(again.headers.get('command-id'), first.headers.get('command-id'));
      }
      const other = await send(call, { body: { ...body, extra: undefined, reason: 'other' } });
      assert.equal(other.status, 422);
    }
  },
);

test(
  'PUT answers 201 or 200 once the engine has applied it (503 with Retry-After without one); ' +
    'so do DELETE, absences and availability',
  async () => {
    const { start_time: from, end_time: to } = freshHour();
    const answers = await Promise.all([
      send('PUT /v1/locations/late', { body: { name: 'Late', time_zone: 'UTC' } }),
      send('PUT /v1/service-types/late', { body: { name: 'Late' } }),
      send('DELETE /v1/service-types/pickup'),
      send('POST /v1/resources/r0/absences', { body: keyed(freshHour()) }),
      send(`GET /v1/availability?service_type=consultation&from=${from}&to=${to}`),
    ]);
    answers.forEach(isUnavailable);
    assert.equal((await send('GET /v1/locations/here')).status, 200);
  },
);

test('lost dependencies answer 503 with `Retry-After`; `readyz` tells the reason', async () => {
  const body = booking();
  proxy.cutAll();
  await eventually(async () => (await send('POST /v1/appointments', { body })).status === 202);
  await eventually(async () => (await readyz()).status === 200);
  await proxy.close();
  const lost = await eventually(async () => {
    const state = await readyz();
    return state.status === 503 ? state : undefined;
  });
  assert.match(lost.reasons.join(), /database/);
  for (const call of ['GET /v1/appointments', 'POST /v1/appointments', 'GET /v1/events']) {
    isUnavailable(await send(call, call.startsWith('POST') ? { body: booking() } : {}));
  }
  for (const path of ['/healthz', '/openapi.json', '/docs']) {
    assert.equal((await send(`GET ${path}`, { key: null })).status, 200);
  }
  assert.equal((await send('GET /readyz', { key: null })).status, 503);
});

test('what was accepted meanwhile is decided in order of acceptance', async () => {
  const { service, database } = contract;
  await service.kill('SIGTERM');
  const roles = 'gateway,api,engine,worker,relay';
  await service.restart({ SLOTWRIGHT_ROLES: roles, DATABASE_URL: database.url });
  const id = String(held['id']);
  await eventually(async () => (await contract.stateOf(id)) === 'CANCELLED');
  const { body } = await send(`GET /v1/appointments/${id}/timeline`);
  const steps = (body['items'] as { kind: string; version: number; cause: string }[])
    .filter(({ kind }) => kind === 'transition')
    .toSorted((a, b) => a.version - b.version);
  assert.deepEqual(
    steps.map(({ cause }) => cause),
    ['create', 'schedule', 'confirm', 'update', 'update', 'cancel'],
  );
  await eventually(async () => {
    const rows = await database.query(`SELECT FROM commands WHERE state = 'pending'`);
    return rows.length === 0;
  });
  assert.equal((await send('GET /v1/locations/late')).status, 200);
  assert.equal((await send('GET /v1/service-types/pickup')).body['active'], false);
});
