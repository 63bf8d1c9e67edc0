import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { systemRandom } from '../../src/io/random.ts';
import { confirmAppointments } from '../../src/store/write/confirm.ts';
import { claimTasks } from '../../src/store/write/tasks.ts';
import { asyncParts, schedule, type AsyncParts } from '../support/async-parts.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { allDecided } from '../support/engine-invariants.ts';
import { accepting, openResource, runEngine, type Accepting } from '../support/engine-parts.ts';
import { at } from '../support/placement-region.ts';
import { unguardHistory } from '../support/unguard-history.ts';

let db: TestDatabase;
let parts: AsyncParts;
let api: Accepting;

before(async () => {
  db = await freshDatabase();
  await unguardHistory(db);
  parts = await asyncParts(db.url);
  api = accepting(db);
});
after(async () => {
  await api.close();
  await parts.close();
  await db.drop();
});
beforeEach(async () => {
  await db.query(`TRUNCATE appointments, appointment_history, commands, idempotency_keys, outbox,
    slot_holds, tasks, sagas, saga_steps`);
});

/** How many rows each part has, and how many transactions have written all of them. */
async function written(partsOf: Record<string, string>): Promise<Record<string, number>> {
  const rows = Object.entries(partsOf).map(
    ([name, from]) => `SELECT '${name}' AS part, xmin::text AS transaction FROM ${from}`,
  );
  const found = await db.query<{ part: string; transaction: string }>(rows.join(' UNION ALL '));
  const counts = Object.keys(partsOf).map((name) => [
    name,
    found.filter(({ part }) => part === name).length,
  ]);
  const transactions = new Set(found.map(({ transaction }) => transaction)).size;
  return { ...Object.fromEntries(counts), transactions } as Record<string, number>;
}

const nine = at('2030-06-03T09:00:00Z');
const hour = { start: nine, end: nine + 3_600 };
const one = 1;

test('a create and its key are one transaction, with command, history and event', async () => {
  await api.create(hour);
  const counts = await written({
    ...{ key: 'idempotency_keys', appointment: 'appointments', command: 'commands' },
    ...{ history: 'appointment_history', event: 'outbox' },
  });
  const each = { key: one, appointment: one, command: one, history: one, event: one };
  assert.deepEqual(counts, { ...each, transactions: 1 });
});

test('an action and its key are one transaction', async () => {
  const [id = ''] = await api.create(hour);
  const commandId = await api.act(id, 'cancel');
  const counts = await written({
    key: `idempotency_keys WHERE command_id = '${commandId}'`,
    command: `commands WHERE command_id = '${commandId}'`,
  });
  assert.deepEqual(counts, { key: one, command: one, transactions: 1 });
});

test('a decision is one transaction with all that follows from it', async () => {
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  await api.put('put-resource', openResource('a'));
  const engine = await runEngine(db.url);
  try {
    await allDecided(db);
    await api.create(hour);
    await allDecided(db);
    const counts = await written({
      ...{ appointment: 'appointments', hold: 'slot_holds', saga: 'sagas', task: 'tasks' },
      command: `commands WHERE operation = 'create'`,
      history: 'appointment_history WHERE version = 2',
      event: 'outbox WHERE version = 2',
      position: 'regions',
    });
    const changed = { appointment: one, hold: one, command: one, position: one };
    const added = { saga: one, task: one, history: one, event: one };
    assert.deepEqual(counts, { ...changed, ...added, transactions: 1 });
  } finally {
    await engine.close();
  }
});

test('a confirmation is one transaction with the end of its saga', async () => {
  const id = await schedule(db);
  const { hotDatabase } = parts.worker;
  const processId = systemRandom.uuidV7();
  const nobody = { sessionKey: null, leaseSeconds: 60, limit: 1 };
  const [task] = await claimTasks(hotDatabase, 1, { lane: 'saga', processId, ...nobody });
  assert.ok(task);
  const row = {
    ...{ tenant_id: 'default', task_id: task.task_id, attempts: task.attempts },
    ...{ saga_id: task.saga_id ?? '', appointment_id: id, appointment_version: 2, at_s: 0 },
    ...{ event_type: 'appointment.confirmed.v1', event: '{}', shard: 0 },
    ...{ request_id: null, command_id: null, traceparent: null },
    ...{ attempt: 1, at_ms: 0 },
  };
  await confirmAppointments(hotDatabase, { epoch: 1, processId }, [row]);
  const counts = await written({
    ...{ appointment: 'appointments', saga: 'sagas', step: 'saga_steps', task: 'tasks' },
    ...{ history: 'appointment_history', event: 'outbox' },
  });
  const each = { appointment: one, saga: one, step: one, history: one, event: one };
  assert.deepEqual(counts, { ...each, task: 0, transactions: 1 });
});
