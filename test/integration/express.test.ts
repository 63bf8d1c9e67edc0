import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import type { StartedSaga } from '../../src/engine/dependencies.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { assertWhole } from '../support/engine-invariants.ts';
import {
  accepting,
  creates,
  openResource,
  runEngine,
  type Accepting,
  type EngineOptions,
  type RunningEngine,
} from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';
import { unguardHistory } from '../support/unguard-history.ts';

let store: TestDatabase;
let api: Accepting;
let engine: RunningEngine | undefined;

before(async () => {
  store = await freshDatabase();
  await unguardHistory(store);
  api = accepting(store);
});
after(async () => {
  await api.close();
  await store.drop();
});
beforeEach(async () => {
  await store.query(`TRUNCATE slot_holds, appointments, appointment_history, outbox, commands,
    tasks, sagas, lanes, resources, locations, idempotency_keys CASCADE`);
  await store.query('UPDATE regions SET last_position = 0');
});
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

const nine = at('2030-06-03T09:00:00Z');
const hour = (n: number) => ({ start: nine + n * 3_600, end: nine + (n + 1) * 3_600 });

/** An engine that has one resource of one lane in memory. */
async function start(options: EngineOptions = {}): Promise<RunningEngine> {
  engine = await runEngine(store.url, options);
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  await api.put('put-resource', openResource('a'));
  engine.link.wake();
  await eventually(async () => {
    const [row] = await store.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM commands WHERE state = 'pending'`,
    );
    return row?.n === 0;
  });
  return engine;
}

async function rowsOf(id: string): Promise<Record<string, unknown>> {
  const [row] = await store.query(
    `SELECT a.state, a.version, c.state AS command, k.command_id = c.command_id AS keyed,
      (SELECT count(*)::int FROM slot_holds h WHERE h.appointment_id = a.appointment_id) AS holds,
      (SELECT string_agg(h.version || h.to_state, ' ' ORDER BY h.version)
        FROM appointment_history h WHERE h.appointment_id = a.appointment_id) AS history,
      (SELECT string_agg(o.version || o.type, ' ' ORDER BY o.outbox_id)
        FROM outbox o WHERE o.appointment_id = a.appointment_id) AS events,
      (SELECT count(DISTINCT x)::int FROM (VALUES (a.xmin::text), (c.xmin::text), (k.xmin::text))
        AS t (x)) AS transactions
    FROM appointments a JOIN commands c ON c.appointment_id = a.appointment_id
    JOIN idempotency_keys k ON k.subject_id = a.appointment_id WHERE a.appointment_id = $1`,
    [id],
  );
  return row ?? {};
}

test('a request is accepted and decided in one transaction, with a row for each version', async () => {
  const { express, decisions } = await start();
  const [first, second] = await creates(store, hour(0), hour(0));
  assert.ok(first && second);
  assert.equal(await express.submit(first), 'accepted');
  assert.equal(await express.submit(second), 'accepted');
  assert.deepEqual(await rowsOf(first.appointment.id), {
    ...{ state: 'SCHEDULED', version: 2, command: 'applied', keyed: true, holds: 1 },
    ...{ history: '1INIT 2SCHEDULED', transactions: 1 },
    events: '1appointment.accepted.v1 2appointment.scheduled.v1',
  });
  assert.deepEqual(await rowsOf(second.appointment.id), {
    ...{ state: 'FAILED', version: 2, command: 'refused', keyed: true, holds: 0 },
    ...{ history: '1INIT 2FAILED', transactions: 1 },
    events: '1appointment.accepted.v1 2appointment.failed.v1',
  });
  const told = decisions.filter(({ appointment }) => appointment !== undefined);
  assert.deepEqual(
    told.map(({ state }) => state),
    ['applied', 'refused'],
  );
  await assertWhole(store);
});

test('a key that was used keeps its request out and takes no room from the others', async () => {
  const { express } = await start();
  const [used] = await creates(store, hour(0));
  assert.ok(used);
  assert.equal(await express.submit(used), 'accepted');
  // Two of one batch: the first would take the hour, but its key is gone.
  const [again, other] = await creates(store, hour(1), hour(1));
  assert.ok(again && other);
  again.row.key = used.row.key;
  const outcomes = await Promise.all([express.submit(again), express.submit(other)]);
  assert.deepEqual(outcomes, ['not-accepted', 'accepted']);
  assert.equal((await rowsOf(other.appointment.id))['state'], 'SCHEDULED');
  assert.deepEqual(await rowsOf(again.appointment.id), {});
  await assertWhole(store);
});

test('a request that was checked against an older catalogue is not accepted', async () => {
  const { express } = await start();
  const [stale] = await creates(store, hour(0));
  assert.ok(stale);
  stale.row.catalogue_version -= 1;
  assert.equal(await express.submit(stale), 'not-accepted');
  assert.deepEqual(await rowsOf(stale.appointment.id), {});
});

test('a request for a region that is not in memory here goes elsewhere', async () => {
  const { express } = await start();
  const [foreign] = await creates(store, { ...hour(0), region: 'other' });
  assert.ok(foreign);
  assert.equal(await express.submit(foreign), 'elsewhere');
});

test('where decisions stand still a request goes elsewhere, and has one outcome', async () => {
  const { express, decisions } = await start();
  const blocker = new pg.Client(store.url);
  await blocker.connect();
  await blocker.query('BEGIN');
  await blocker.query('SELECT FROM regions FOR UPDATE');
  const [slow] = await creates(store, hour(0));
  assert.ok(slow);
  // Its batch waits for the region's row.
  assert.equal(await express.submit(slow), 'elsewhere');
  await blocker.query('COMMIT');
  await blocker.end();
  await eventually(() => decisions.some(({ commandId }) => commandId === slow.row.command_id));
  assert.equal((await rowsOf(slow.appointment.id))['history'], '1INIT 2SCHEDULED');
  await assertWhole(store);
});

test('a new owner keeps the old one from accepting', async () => {
  const { express } = await start();
  await store.query('UPDATE regions SET token = token + 1');
  const [late] = await creates(store, hour(0));
  assert.ok(late);
  assert.equal(await express.submit(late), 'elsewhere');
  assert.deepEqual(await rowsOf(late.appointment.id), {});
});

test('the worker of the process gets the sagas that begin, leased; without room nobody does', async () => {
  const taken: StartedSaga[] = [];
  let room = 1;
  const sagaTaker = {
    room: () => room,
    take: (started: readonly StartedSaga[]) => {
      taken.push(...started);
      room = 0;
    },
  };
  const { express, processId } = await start({ sagaTaker });
  const [first, second] = await creates(store, hour(0), hour(1));
  assert.ok(first && second);
  await express.submit(first);
  await express.submit(second);
  const tasks = await store.query<{ id: number; owner: string | null; attempts: number }>(
    `SELECT task_id::int AS id, lease_owner AS owner, attempts FROM tasks ORDER BY task_id`,
  );
  assert.deepEqual(
    tasks.map(({ owner, attempts }) => ({ owner, attempts })),
    [
      { owner: processId, attempts: 1 },
      { owner: null, attempts: 0 },
    ],
  );
  assert.deepEqual(
    taken.map(({ task, work }) => [task.task_id, work.appointment.id]),
    [[tasks[0]?.id, first.appointment.id]],
  );
});
