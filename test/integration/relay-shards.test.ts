import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import { systemRandom } from '../../src/io/random.ts';
import { createRelay } from '../../src/relay/index.ts';
import { holdOutboxShards } from '../../src/store/write/outbox.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
import { addEvents, newAppointments, resetBusTables } from '../support/bus-world.ts';
import { run } from '../support/command.ts';
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
beforeEach(() => resetBusTables(db));
afterEach(async () => {
  for (const relay of [...relays]) await relay.stop();
});

interface Process {
  processId: string;
  stop(): Promise<void>;
}

const relays = new Set<Process>();

async function startRelay(): Promise<Process> {
  const own = await asyncParts(db.url);
  const relay = createRelay(own.relay);
  await relay.start();
  const started: Process = {
    processId: own.relay.identity.processId,
    stop: async () => {
      relays.delete(started);
      await relay.stop();
      await own.close();
    },
  };
  relays.add(started);
  return started;
}

/** Shards per owner, the most first. */
async function shares(): Promise<number[]> {
  const rows = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM outbox_shards
    WHERE owner IS NOT NULL AND lease_expires_at > now() GROUP BY owner ORDER BY n DESC`);
  return rows.map(({ n }) => n);
}

const sharesAre = (expected: number[]): Promise<boolean> =>
  eventually(async () => {
    assert.deepEqual(await shares(), expected);
    return true;
  });

test('relays that come and go share the shards out evenly', async () => {
  const first = await startRelay();
  await sharesAre([64]);
  const second = await startRelay();
  await sharesAre([32, 32]);
  const third = await startRelay();
  await sharesAre([22, 22, 20]);
  await first.stop();
  await sharesAre([32, 32]);
  await second.stop();
  await sharesAre([64]);
  await third.stop();
  await sharesAre([]);
  assert.deepEqual(await db.query('SELECT FROM outbox_relays'), []);
});

test('events that flow while shards change hands are logged once, in order', async () => {
  const appointments = newAppointments(60);
  const first = await startRelay();
  for (const version of [1, 2, 3, 4]) {
    await addEvents(
      db,
      appointments.map((id) => ({ id, version })),
    );
    await startRelay();
  }
  await first.stop();
  await eventually(async () => (await db.query('SELECT FROM outbox LIMIT 1')).length === 0);
  const wrong = await db.query(`SELECT * FROM (
    SELECT appointment_id, version, row_number() OVER (
      PARTITION BY appointment_id ORDER BY position) AS place FROM event_log) l
    WHERE version <> place`);
  assert.deepEqual(wrong, []);
  assert.equal((await db.query('SELECT FROM event_log')).length, 240);
});

test('the share of a relay that is killed is taken when its session ends', async () => {
  const session = new pg.Client({ connectionString: db.url });
  await session.connect();
  await session.query('SELECT hold_session(4711)');
  const killed = { processId: systemRandom.uuidV7(), sessionKey: 4711, leaseSeconds: 3_600 };
  await holdOutboxShards(parts.relay.database, 1, killed);
  await startRelay();
  await eventually(async () => {
    await holdOutboxShards(parts.relay.database, 1, killed);
    return (await shares()).join() === '32,32';
  });
  await session.end();
  await sharesAre([64]);
});

test('the share of a relay that hangs is taken at the end of its lease', async () => {
  const hung = { processId: systemRandom.uuidV7(), sessionKey: null, leaseSeconds: 1 };
  assert.equal((await holdOutboxShards(parts.relay.database, 1, hung)).length, 64);
  const relay = await startRelay();
  const mine = 'SELECT FROM outbox_shards WHERE owner = $1';
  await eventually(async () => (await db.query(mine, [relay.processId])).length === 64);
});

test('a drain ends when the outbox is empty, and else says what is in its way', async () => {
  const environment = { DATABASE_URL: db.url };
  const drain = (...options: string[]) => run(['outbox', 'drain', ...options], environment);
  await addEvents(
    db,
    newAppointments(300).map((id) => ({ id, version: 1 })),
  );
  const nobody = await drain('--timeout', '0', '--json');
  assert.equal(nobody.status, 1);
  assert.deepEqual(JSON.parse(nobody.out), { waiting: 300, parked: 0, relays: 0 });
  assert.match(nobody.err, /300 events wait, no relay is running/);
  const relay = await startRelay();
  const drained = await drain('--timeout', '30');
  assert.deepEqual([drained.status, drained.out], [0, 'the outbox is empty']);
  await relay.stop();

  const [parked = ''] = newAppointments(1);
  await addEvents(db, [{ id: parked, version: 1 }]);
  await db.query(`INSERT INTO outbox_parked SELECT 'default', $1, 0, 'too large'`, [parked]);
  const { err } = await drain('--timeout', '0');
  assert.match(err, /1 events wait, .*1 appointments are parked: see slotwright deadletters/);
});
