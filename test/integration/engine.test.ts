import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import { systemRandom } from '../../src/io/random.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { allDecided, assertWhole } from '../support/engine-invariants.ts';
import {
  accepting,
  openResource,
  runEngine,
  type Accepting,
  type EngineOptions,
  type RunningEngine,
} from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';

let store: TestDatabase;
let api: Accepting;
const running = new Set<{ close(): Promise<void> }>();

before(async () => {
  store = await freshDatabase();
  api = accepting(store);
});
after(async () => {
  await api.close();
  await store.drop();
});
beforeEach(async () => {
  await store.query(`TRUNCATE slot_holds, appointments, appointment_history, outbox, commands,
    tasks, sagas, lanes, resources, locations CASCADE`);
  await store.query('UPDATE regions SET last_position = 0');
});
afterEach(async () => {
  for (const one of running) await one.close();
  running.clear();
});

async function start(options: EngineOptions & { url?: string } = {}): Promise<RunningEngine> {
  const engine = await runEngine(options.url ?? store.url, options);
  running.add(engine);
  return engine;
}

/** One location, and resources of one lane each unless said otherwise. */
async function catalogue(capacity = 1, ids = ['a']): Promise<void> {
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  for (const id of ids) await api.put('put-resource', openResource(id, { capacity }));
}

const nine = at('2030-06-03T09:00:00Z');
const hour = (n: number) => ({ start: nine + n * 3_600, end: nine + (n + 1) * 3_600 });

async function stateOf(id = ''): Promise<string> {
  const [row] = await store.query<{ state: string; version: number }>(
    'SELECT state, version FROM appointments WHERE appointment_id = $1',
    [id],
  );
  return `${row?.state ?? 'absent'} ${row?.version ?? ''}`;
}

/** A transaction of somebody else's that is in the way until it is over. */
async function inTheWay(sql: string): Promise<{ over(): Promise<void> }> {
  const client = new pg.Client(store.url);
  await client.connect();
  const one = { close: () => client.end() };
  running.add(one);
  await client.query('BEGIN');
  await client.query(sql);
  return {
    over: async () => {
      await client.query('COMMIT');
      await client.end();
      running.delete(one);
    },
  };
}

/** Waits until a statement of the engine's waits for a lock, and answers its session's id. */
async function blocked(): Promise<number> {
  const found = await eventually(async () => {
    const [row] = await store.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'engine batches'
        AND wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return row;
  });
  return found.pid;
}

const lockOf = (id = ''): string =>
  `SELECT FROM appointments WHERE appointment_id = '${id}' FOR UPDATE`;

test('what was accepted while no engine ran is decided, in order, once', async () => {
  await catalogue(2);
  const ids = await api.create(hour(0), hour(0), hour(0));
  await api.act(ids[0] ?? '', 'cancel');
  await start();
  await allDecided(store);
  const states = await Promise.all(ids.map(stateOf));
  assert.deepEqual(states, ['CANCELLED 3', 'SCHEDULED 2', 'FAILED 2']);
  await assertWhole(store);
  const [work] = await store.query(
    'SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM sagas) AS sagas',
  );
  assert.deepEqual(work, { tasks: 2, sagas: 2 });
});

test('listeners hear of decisions once committed, availability knows them too', async () => {
  await catalogue();
  const engine = await start();
  await allDecided(store);
  const [id = ''] = await api.create(hour(0));
  engine.link.wake();
  await eventually(() => engine.decisions.some(({ appointment }) => appointment?.id === id));
  assert.deepEqual(
    engine.decisions.map(({ state, result }) => [state, result?.created]),
    [
      ['applied', true],
      ['applied', true],
      ['applied', undefined],
    ],
  );
  const around = { from: nine - 3_600, to: nine + 7_200, durationSeconds: 3_600 };
  const query = { tenantId: 'default', serviceType: 'consultation', ...around };
  const found = engine.link.availability({ ...query, stepSeconds: 3_600, limit: 9 });
  assert.deepEqual(
    found?.slots.map((slot) => slot.start - nine),
    [-3_600, 3_600],
  );
});

test('a listener that fails is not taken for a commit that failed', async () => {
  const engine = await start();
  engine.link.onDecision(() => {
    throw new Error('deaf');
  });
  await catalogue();
  const [id] = await api.create(hour(0));
  await allDecided(store);
  assert.equal(await stateOf(id), 'SCHEDULED 2');
  assert.equal(engine.decisions.length, 3);
  assert.equal(engine.ready(), undefined);
});

test('a catalogue that changed between acceptance and decision is what counts', async () => {
  await catalogue(1, ['a', 'b']);
  await api.create({ ...hour(0), requestedResourceId: 'a' });
  await api.put('put-resource', openResource('a', { active: false }));
  const [late] = await api.create({ ...hour(1), requestedResourceId: 'a' });
  const gone = await api.put('put-resource', openResource('c', { locations: ['nowhere'] }));
  await start();
  await allDecided(store);
  assert.equal(await stateOf(late), 'FAILED 2');
  const [command] = await store.query<{ problem: { errors: object[] } }>(
    'SELECT problem FROM commands WHERE command_id = $1',
    [gone],
  );
  assert.equal(command?.problem.errors.length, 1);
  await assertWhole(store);
});

test('a smaller capacity keeps what is booked, and other locations do not lose it', async () => {
  await catalogue(2);
  const first = await api.create(hour(0), hour(0));
  const engine = await start();
  await allDecided(store);
  await api.put('put-location', {
    ...{ id: 'north', name: 'North', timeZone: 'UTC', region: 'default', active: true },
    ...{ latitude: null, longitude: null },
  });
  await api.put('put-resource', openResource('a', { capacity: 1, locations: ['north'] }));
  // What is checked against the catalogue as it was is not accepted.
  await allDecided(store);
  const [refused, free] = await api.create(hour(0), hour(1));
  await allDecided(store);
  assert.equal(await stateOf(refused), 'FAILED 2');
  assert.equal(await stateOf(free), 'SCHEDULED 2');
  for (const id of first) await api.act(id, 'cancel');
  await allDecided(store);
  const again = await api.create(hour(0), hour(0));
  await allDecided(store);
  assert.deepEqual(await Promise.all(again.map(stateOf)), ['SCHEDULED 2', 'FAILED 2']);
  // And the same is read from the database as was kept in memory.
  await engine.close();
  running.delete(engine);
  const [more] = await api.create(hour(1));
  await start();
  await allDecided(store);
  assert.equal(await stateOf(more), 'FAILED 2');
  await assertWhole(store);
});

test('a change that leaves bookings without a place is refused unless it is forced', async () => {
  await catalogue(1, ['a', 'b']);
  const [booked] = await api.create({ ...hour(0), requestedResourceId: 'a' });
  const off = openResource('a', { active: false });
  const refused = await api.put('put-resource', off, { force: false });
  const [kept] = await api.create({ ...hour(1), requestedResourceId: 'a' });
  const forced = await api.put('put-resource', off);
  const [late] = await api.create({ ...hour(2), requestedResourceId: 'a' });
  await start();
  await allDecided(store);
  assert.equal(await stateOf(kept), 'SCHEDULED 2');
  assert.equal(await stateOf(late), 'FAILED 2');
  const outcomes = await store.query<{ state: string; code: string; unresolved: unknown }>(
    `SELECT state, problem->>'code' AS code, result->'unresolved' AS unresolved FROM commands
    WHERE command_id IN ($1, $2) ORDER BY position`,
    [refused, forced],
  );
  assert.deepEqual(outcomes[0], { state: 'refused', code: 'future-bookings', unresolved: null });
  assert.equal(outcomes[1]?.state, 'applied');
  assert.equal((outcomes[1].unresolved as { appointment_id: string }[])[0]?.appointment_id, booked);
  await assertWhole(store);
});

test('a hold that memory does not know is found by loading, and nobody waits for it', async () => {
  await catalogue(1, ['a', 'b']);
  await start();
  await allDecided(store);
  await store.query(
    `WITH a AS (INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id,
        start_at, end_at, service_type, region, created_at, updated_at)
      SELECT 'default', gen_random_uuid(), 1, 'SCHEDULED', gen_random_uuid(), to_timestamp($1),
        to_timestamp($2), 'x', 'default', now(), now() RETURNING *),
    h AS (INSERT INTO appointment_history (tenant_id, appointment_id, version, to_state, cause,
        start_at, end_at, lane_id, busy_start_at, busy_end_at, actor, at)
      SELECT 'default', appointment_id, 1, 'SCHEDULED', 'x', start_at, end_at, lane_id, start_at,
        end_at, 'x', now() FROM a JOIN lanes l ON l.resource_id = 'a'),
    o AS (INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
      SELECT 0, 'default', appointment_id, 1, 'x', '{}', 'x' FROM a)
    INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id, busy_start_at,
      busy_end_at, service_type)
    SELECT 'default', appointment_id, 'default', 'a', lane_id, start_at, end_at, 'x'
    FROM a JOIN lanes l ON l.resource_id = 'a'`,
    [nine, nine + 3_600],
  );
  const onA = { ...hour(0), requestedResourceId: 'a' };
  const [planned, named, ...others] = await api.create(hour(0), onA, hour(1), hour(2));
  await allDecided(store);
  assert.equal(await stateOf(planned), 'SCHEDULED 2', 'on the other resource');
  assert.equal(await stateOf(named), 'FAILED 2');
  for (const id of others) assert.equal(await stateOf(id), 'SCHEDULED 2');
  await assertWhole(store);
});

test('a command that can never be decided holds up nothing but its own appointment', async () => {
  await catalogue();
  const [poisoned = '', other] = await api.create(hour(0), hour(1));
  await start();
  await allDecided(store);
  // A failure without a reason, which the table refuses.
  await store.query(
    `INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, created_at,
      actor) VALUES ('default', gen_random_uuid(), 'fail', $1, 'default', now(), 'key:test')`,
    [poisoned],
  );
  await api.act(poisoned, 'cancel');
  await api.act(other ?? '', 'cancel');
  const many = await api.create(...Array.from({ length: 40 }, (_, index) => hour(index + 2)));
  await allDecided(store, 2);
  assert.equal(await stateOf(poisoned), 'SCHEDULED 2');
  assert.equal(await stateOf(other), 'CANCELLED 3');
  for (const id of many) assert.equal(await stateOf(id), 'SCHEDULED 2');
  await store.query(`UPDATE commands SET payload = '{"reason":"ours"}' WHERE operation = 'fail'`);
  await allDecided(store);
  assert.equal(await stateOf(poisoned), 'FAILED 3', 'decided once it can be');
  await assertWhole(store);
});

test('more commands of one appointment than a look finds do not stop the others', async () => {
  await catalogue();
  const [crowded = ''] = await api.create(hour(0));
  for (let i = 0; i < 300; i += 1) await api.act(crowded, 'cancel');
  const [other] = await api.create(hour(1));
  const engine = await start();
  await eventually(async () => (await stateOf(other)) === 'SCHEDULED 2');
  const pending = `SELECT count(*) n FROM commands WHERE state = 'pending'`;
  const [row] = await store.query<{ n: number }>(pending);
  assert.ok((row?.n ?? 0) > 200, 'it did not wait for them');
  await allDecided(store);
  assert.equal(await stateOf(crowded), 'CANCELLED 3');
  assert.equal(engine.decisions.filter(({ state }) => state === 'refused').length, 299);
  await assertWhole(store);
});

test('a cancellation that meets a confirmation is decided on what is true then', async () => {
  await catalogue();
  const [id = '', other] = await api.create(hour(0), hour(1));
  await start();
  await allDecided(store);
  const worker = await inTheWay(
    `WITH c AS (UPDATE appointments SET version = 3, state = 'CONFIRMED'
        WHERE appointment_id = '${id}' RETURNING *),
      o AS (INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
        SELECT 0, 'default', appointment_id, 3, 'x', '{}', 'worker' FROM c)
    INSERT INTO appointment_history (tenant_id, appointment_id, version, to_state, cause, start_at,
      end_at, actor, at) SELECT 'default', appointment_id, 3, state, 'x', start_at, end_at, 'w',
      now() FROM c`,
  );
  await api.act(id, 'cancel');
  await api.act(other ?? '', 'cancel');
  await blocked();
  await worker.over();
  await allDecided(store);
  assert.equal(await stateOf(id), 'CANCELLED 4');
  assert.equal(await stateOf(other), 'CANCELLED 3');
  await assertWhole(store);
});

test('each version’s history names the hold that it left in place', async () => {
  await catalogue();
  const [id = ''] = await api.create(hour(0));
  await start();
  await allDecided(store);
  await store.query(`UPDATE appointments SET state = 'CONFIRMED' WHERE appointment_id = $1`, [id]);
  await api.act(id, 'start');
  await allDecided(store);
  await assertWhole(store);
  await api.act(id, 'complete');
  await allDecided(store);
  await assertWhole(store);
  const rows = await store.query<{ held: boolean }>(
    `SELECT lane_id IS NOT NULL AS held FROM appointment_history WHERE appointment_id = $1
    ORDER BY version`,
    [id],
  );
  assert.deepEqual(
    rows.map(({ held }) => held),
    [false, true, true, false],
  );
});

test('an epoch that ends while a batch is under way neither loses nor stops anything', async () => {
  await catalogue();
  const engine = await start();
  await allDecided(store);
  const [first = ''] = await api.create(hour(0));
  await allDecided(store);
  const row = await inTheWay(lockOf(first));
  await api.act(first, 'cancel');
  await blocked();
  const closed = store.query(`SELECT change_write_epoch('read-only', 'maintenance')`);
  await row.over();
  await closed;
  assert.equal(await stateOf(first), 'CANCELLED 3', 'the writer in flight was waited for');
  // A command that was accepted in the last moment is decided once writes are open again.
  await store.query(
    `UPDATE commands SET state = 'pending', decided_at = NULL WHERE operation = 'cancel'`,
  );
  await eventually(() => engine.ready() === undefined);
  await allDecided(store, 1);
  await store.query(`SELECT change_write_epoch('read-write', 'done')`);
  await allDecided(store);
});

test('an engine that starts while writes are closed decides once they are open', async () => {
  await catalogue();
  const [id] = await api.create(hour(0));
  await store.query(`SELECT change_write_epoch('read-only', 'maintenance')`);
  const engine = await start();
  assert.equal(engine.ready(), undefined);
  assert.equal(await stateOf(id), 'INIT 1');
  await store.query(`SELECT change_write_epoch('read-write', 'done')`);
  await allDecided(store);
  assert.equal(await stateOf(id), 'SCHEDULED 2');
});

test('a session that ends at the commit leaves nothing doubled and nothing undone', async () => {
  await catalogue();
  await start();
  await allDecided(store);
  const [id = '', other] = await api.create(hour(0), hour(1));
  await allDecided(store);
  const row = await inTheWay(lockOf(id));
  await api.act(id, 'cancel');
  await api.act(other ?? '', 'cancel');
  const pid = await blocked();
  await store.query('SELECT pg_terminate_backend($1)', [pid]);
  await row.over();
  await allDecided(store);
  assert.deepEqual([await stateOf(id), await stateOf(other)], ['CANCELLED 3', 'CANCELLED 3']);
  await assertWhole(store);
});

test('a commit whose answer is lost is not made again', async () => {
  const proxy = await startFaultProxy(store.url);
  running.add(proxy);
  await catalogue();
  const engine = await start({ url: proxy.url });
  await allDecided(store);
  const [id = ''] = await api.create(hour(0));
  await allDecided(store);
  const row = await inTheWay(lockOf(id));
  await api.act(id, 'cancel');
  await blocked();
  proxy.use({ kind: 'answer-dropped', then: 'reset' });
  await row.over();
  await eventually(async () => (await stateOf(id)) === 'CANCELLED 3');
  await eventually(() => engine.ready() !== undefined);
  proxy.heal();
  const [next] = await api.create(hour(0));
  await allDecided(store);
  assert.equal(await stateOf(next), 'SCHEDULED 2');
  assert.equal(await stateOf(id), 'CANCELLED 3');
  await assertWhole(store);
  await engine.close();
  running.delete(engine);
});

test('an engine whose database has gone silent stops all the same', async () => {
  const proxy = await startFaultProxy(store.url);
  running.add(proxy);
  const engine = await runEngine(proxy.url);
  await catalogue();
  await allDecided(store);
  proxy.use({ kind: 'half-open' });
  await api.create(hour(0));
  engine.link.wake();
  await eventually(
    () =>
      engine.link.availability({
        ...{ tenantId: 'default', serviceType: 'consultation', from: nine, to: nine + 7_200 },
        ...{ durationSeconds: 3_600, stepSeconds: 3_600, limit: 1 },
      }) === undefined,
  );
  await engine.stop();
  proxy.heal();
  await engine.close();
});

test('a payload of another shape than ours spoils no turn but its own', async () => {
  const engine = await start();
  await api.put('put-resource', null);
  await api.put('put-resource', { id: systemRandom.hex(4) });
  await catalogue();
  const [id] = await api.create(hour(0));
  await allDecided(store, 2);
  assert.equal(await stateOf(id), 'SCHEDULED 2');
  assert.equal(engine.ready(), undefined);
});
