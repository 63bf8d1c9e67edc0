import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import { outboxShard } from '../../src/domain/appointment.ts';
import type { Bus, BusEvent } from '../../src/io/bus/bus.ts';
import { systemRandom } from '../../src/io/random.ts';
import { createRelay } from '../../src/relay/index.ts';
import { findLowestOutbox } from '../../src/store/read/outbox.ts';
import { confirmOutboxRuns, holdOutboxShards } from '../../src/store/write/outbox.ts';
import { asyncParts, schedule, type AsyncParts } from '../support/async-parts.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

let db: TestDatabase;
let parts: AsyncParts;

before(async () => {
  db = await freshDatabase();
  parts = await asyncParts(db.url);
});
after(async () => {
  await parts.close();
  await db.drop();
});
beforeEach(async () => {
  await db.query('TRUNCATE outbox, event_log, outbox_parked, appointments, tasks, sagas');
  await db.query(`UPDATE outbox_shards SET last_position = 0, owner = NULL, owner_session = NULL,
    lease_expires_at = '-infinity'`);
});

const insertEvent = `INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event,
  actor) VALUES ($1, 'default', $2, $3, 'appointment.updated.v1', $4, 'test')`;

async function addEvent(appointmentId: string, version: number): Promise<void> {
  const shard = outboxShard(appointmentId);
  await db.query(insertEvent, [shard, appointmentId, version, `${appointmentId}:${version}`]);
}

/** What the log must be whatever happened: no gap, no double, versions of each in order. */
async function checkLog(expected: number): Promise<void> {
  const gaps = await db.query(`SELECT shard FROM event_log GROUP BY shard
    HAVING count(*) <> max(position) OR min(position) <> 1`);
  assert.deepEqual(gaps, []);
  const disorder = await db.query(`SELECT * FROM (
    SELECT appointment_id, version, event, row_number() OVER (
      PARTITION BY appointment_id ORDER BY position) AS place FROM event_log) l
    WHERE version <> place OR event <> appointment_id || ':' || version`);
  assert.deepEqual(disorder, []);
  const [total] = await db.query(`SELECT (SELECT count(*) FROM event_log) AS logged,
    (SELECT count(*) FROM outbox) AS waiting,
    (SELECT sum(last_position)::int8 FROM outbox_shards) AS positions`);
  assert.deepEqual(total, { logged: expected, waiting: 0, positions: expected });
}

async function outboxIsEmpty(): Promise<boolean> {
  return (await db.query('SELECT FROM outbox LIMIT 1')).length === 0;
}

/** A bus that keeps what it was given, for looking at. */
function recordingBus(options: Partial<Bus> = {}): { bus: Bus; calls: BusEvent[][] } {
  const calls: BusEvent[][] = [];
  const bus: Bus = {
    name: 'recording',
    takesRuns: true,
    readsBytes: true,
    batchSize: 512,
    close: () => Promise.resolve(),
    publish: (events) => {
      calls.push([...events]);
      return Promise.resolve({ refused: [], unconfirmed: [] });
    },
    ...options,
  };
  return { bus, calls };
}

test('with 16 writers that hold their commits back nothing is lost and order is kept', async () => {
  const appointments = await Promise.all(Array.from({ length: 24 }, () => schedule(db)));
  await db.query('UPDATE appointments SET version = 1');
  const relay = createRelay(parts.relay);
  await relay.start();
  const perWriter = 40;
  const writers = Array.from({ length: 16 }, async () => {
    const client = new pg.Client({ connectionString: db.url });
    await client.connect();
    for (let i = 0; i < perWriter; i += 1) {
      const id = appointments[Math.floor(Math.random() * appointments.length)] ?? '';
      await client.query('BEGIN');
      // The id of the outbox row is given under the appointment's lock, and the commit comes later.
      const { rows } = await client.query<{ version: number }>(
        `UPDATE appointments SET version = version + 1 WHERE appointment_id = $1
        RETURNING version - 1 AS version`,
        [id],
      );
      const version = rows[0]?.version ?? 0;
      await client.query(insertEvent, [outboxShard(id), id, version, `${id}:${version}`]);
      await client.query('SELECT pg_sleep($1)', [Math.random() * 0.02]);
      await client.query('COMMIT');
    }
    await client.end();
  });
  await Promise.all(writers);
  await eventually(outboxIsEmpty);
  await relay.stop();
  await checkLog(16 * perWriter);
});

test('two relays share the work of one log without gap, double or disorder', async () => {
  const other = await asyncParts(db.url);
  const relays = [createRelay(parts.relay), createRelay(other.relay)];
  for (const relay of relays) await relay.start();
  const ids = Array.from({ length: 50 }, () => systemRandom.uuidV7());
  for (let version = 1; version <= 6; version += 1) {
    for (const id of ids) await addEvent(id, version);
    // Whoever owns a shard loses it in the middle of the work.
    await db.query(
      `UPDATE outbox_shards SET lease_expires_at = '-infinity' FROM (
        SELECT shard FROM outbox_shards ORDER BY shard FOR UPDATE) locked
      WHERE outbox_shards.shard = locked.shard`,
    );
  }
  await eventually(outboxIsEmpty);
  for (const relay of relays) await relay.stop();
  await other.close();
  await checkLog(300);
});

test('a deposed relay cannot append, and what it published stays in the outbox', async () => {
  const id = systemRandom.uuidV7();
  const shard = outboxShard(id);
  await addEvent(id, 1);
  const { hotDatabase } = parts.relay;
  const [deposed, heir] = [systemRandom.uuidV7(), systemRandom.uuidV7()];
  const lease = { sessionKey: null, leaseSeconds: 0 };
  const mine = await holdOutboxShards(hotDatabase, 1, { ...lease, processId: deposed });
  assert.equal(mine.length, 64);
  const token = mine.find((held) => held.shard === shard)?.token ?? 0;
  const rows = await findLowestOutbox(hotDatabase, {
    shards: [shard],
    perShard: 10,
    withBytes: true,
  });
  const ids = rows.map((row) => row.outbox_id);

  const theirs = await holdOutboxShards(hotDatabase, 1, { ...lease, processId: heir });
  const next = theirs.find((held) => held.shard === shard)?.token ?? 0;
  assert.equal(next, token + 1);
  const stale = { processId: deposed, runs: [{ shard, token, ids }] };
  assert.deepEqual(await confirmOutboxRuns(hotDatabase, 1, stale), []);
  const guessed = { processId: deposed, runs: [{ shard, token: next, ids }] };
  assert.deepEqual(await confirmOutboxRuns(hotDatabase, 1, guessed), []);
  assert.equal((await db.query('SELECT FROM event_log')).length, 0);

  const current = { processId: heir, runs: [{ shard, token: next, ids }] };
  assert.deepEqual(await confirmOutboxRuns(hotDatabase, 1, current), [{ shard, moved: 1 }]);
  assert.deepEqual(await confirmOutboxRuns(hotDatabase, 1, current), [], 'twice is once');
  await checkLog(1);
});

test('a killed relay’s shards are taken when its session ends, long before its lease', async () => {
  const session = new pg.Client({ connectionString: db.url });
  session.on('error', () => undefined);
  await session.connect();
  await session.query('SELECT hold_session(4712)');
  const { hotDatabase } = parts.relay;
  const killed = { processId: systemRandom.uuidV7(), sessionKey: 4712, leaseSeconds: 3_600 };
  assert.equal((await holdOutboxShards(hotDatabase, 1, killed)).length, 64);
  const relay = createRelay(parts.relay);
  await relay.start();
  await addEvent(systemRandom.uuidV7(), 1);
  const me = parts.relay.identity.processId;
  assert.equal((await db.query('SELECT FROM outbox_shards WHERE owner = $1', [me])).length, 0);
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await db.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  await eventually(outboxIsEmpty);
  await relay.stop();
  await checkLog(1);
  assert.equal((await db.query('SELECT FROM outbox_shards WHERE owner IS NOT NULL')).length, 0);
});

test('a failure between publish and confirm repeats the bytes and logs them once', async () => {
  const mine = await asyncParts(db.url, 'relay.after-confirm-before-delete=error');
  const { bus, calls } = recordingBus();
  const ids = Array.from({ length: 5 }, () => systemRandom.uuidV7());
  for (const id of ids) await addEvent(id, 1);
  const relay = createRelay({ ...mine.relay, bus });
  await relay.start();
  await eventually(outboxIsEmpty);
  await relay.stop();
  await mine.close();
  assert.equal(calls.length, 2);
  assert.deepEqual(calls[0], calls[1]);
  await checkLog(5);
});

test('a bus that takes no runs has one event of an appointment in flight at a time', async () => {
  const { bus, calls } = recordingBus({ takesRuns: false });
  const ids = Array.from({ length: 3 }, () => systemRandom.uuidV7());
  for (let version = 1; version <= 4; version += 1)
    for (const id of ids) await addEvent(id, version);
  const relay = createRelay({ ...parts.relay, bus });
  await relay.start();
  await eventually(outboxIsEmpty);
  await relay.stop();
  for (const call of calls) {
    assert.equal(new Set(call.map((event) => event.appointmentId)).size, call.length);
  }
  assert.equal(calls.flat().length, 12);
  await checkLog(12);
});

test('a refused event parks its appointment, in order, and no other', async () => {
  const [poison, healthy] = [systemRandom.uuidV7(), systemRandom.uuidV7()];
  for (let version = 1; version <= 3; version += 1) {
    await addEvent(poison, version);
    await addEvent(healthy, version);
  }
  const { bus } = recordingBus({
    publish: (events) =>
      Promise.resolve({
        unconfirmed: [],
        refused: events
          .filter((event) => event.appointmentId === poison && event.version === 2)
          .map((event) => ({ event, reason: 'too large' })),
      }),
  });
  const relay = createRelay({ ...parts.relay, bus });
  await relay.start();
  const logged = `SELECT appointment_id = $1 AS poison, version FROM event_log
    ORDER BY 1, version`;
  await eventually(async () => (await db.query(logged, [poison])).length === 4);
  await addEvent(healthy, 4);
  await eventually(async () => (await db.query(logged, [poison])).length === 5);
  await relay.stop();
  const versions = (await db.query(logged, [poison])).map((row) => [row['poison'], row['version']]);
  assert.deepEqual(versions, [...[1, 2, 3, 4].map((version) => [false, version]), [true, 1]]);
  const parked = await db.query('SELECT appointment_id, reason FROM outbox_parked');
  assert.deepEqual(parked, [{ appointment_id: poison, reason: 'too large' }]);
});

test('a relay goes on after its database connections were cut', async () => {
  const mine = await asyncParts(db.url);
  const relay = createRelay(mine.relay);
  await relay.start();
  const ids = Array.from({ length: 10 }, () => systemRandom.uuidV7());
  for (let version = 1; version <= 3; version += 1) {
    for (const id of ids) await addEvent(id, version);
    await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name = 'tests'`);
  }
  await eventually(outboxIsEmpty, 20_000);
  await relay.stop();
  await mine.close();
  await checkLog(30);
});

test('the event log has partitions for the weeks ahead and uses them', async () => {
  await db.query(`DO $$ DECLARE p text; BEGIN
    FOR p IN SELECT inhrelid::regclass::text FROM pg_inherits
      WHERE inhparent = 'event_log'::regclass AND inhrelid <> 'event_log_default'::regclass
    LOOP EXECUTE 'DROP TABLE ' || p; END LOOP; END $$`);
  const relay = createRelay(parts.relay);
  await relay.start();
  const partitions = `SELECT FROM pg_inherits WHERE inhparent = 'event_log'::regclass`;
  await eventually(async () => (await db.query(partitions)).length === 6);
  await addEvent(systemRandom.uuidV7(), 1);
  await eventually(outboxIsEmpty);
  await relay.stop();
  assert.equal((await db.query('SELECT FROM event_log_default')).length, 0);
});
