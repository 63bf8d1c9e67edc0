import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import pg from 'pg';
import { systemRandom } from '../../src/io/random.ts';
import { createRelay } from '../../src/relay/index.ts';
import { readStanding } from '../../src/store/read/orphans-standing.ts';
import { createWorker } from '../../src/worker/index.ts';
import {
  defaultReconcilerConfig,
  type ReconcilerConfig,
} from '../../src/worker/reconciler/config.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { runEngine } from '../support/engine-parts.ts';
import { allDecided } from '../support/engine-invariants.ts';
import { eventually } from '../support/eventually.ts';
import { orphans, type Orphan } from '../support/orphans.ts';
import { orphanWorld, type OrphanWorld, type Wanted } from '../support/orphan-world.ts';
import { unguardHistory } from '../support/unguard-history.ts';

let store: TestDatabase;
let world: OrphanWorld;
const running = new Set<RunningWorker>();
const ends: (() => unknown)[] = [];

before(async () => {
  store = await freshDatabase();
  await unguardHistory(store);
  ends.push(() => store.drop());
  world = await orphanWorld(store);
  ends.push(() => world.close());
  const engine = await runEngine(store.url);
  ends.push(() => engine.close());
  await allDecided(store);
});
after(async () => {
  for (const end of ends.reverse()) await end();
});
afterEach(async () => {
  for (const one of running) await one.close();
  running.clear();
});

interface RunningWorker {
  parts: AsyncParts;
  /** What was counted, as `kind action`, or `kind` alone where it was found and not repaired. */
  counts(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

// No grace at all: what is in flight is told from an orphan by the snapshot and by the locks.
async function work(changes: Partial<ReconcilerConfig> = {}): Promise<RunningWorker> {
  const parts = await asyncParts(store.url);
  const quick = { graceSeconds: 0, lookMs: 200, passMs: 200 };
  const reconciler = { ...defaultReconcilerConfig, ...quick, ...changes };
  const config = { ...parts.worker.config, reconciler };
  const worker = createWorker({ ...parts.worker, config, onCommitted: () => relay.wake() });
  const relay = createRelay({ ...parts.relay, onAppended: () => worker.wakeConsumers() });
  await relay.start();
  await worker.start();
  const one: RunningWorker = {
    parts,
    counts: () => countsOf(parts),
    close: async () => {
      await worker.stop();
      await relay.stop();
      await parts.close();
    },
  };
  running.add(one);
  return one;
}

async function countsOf({ worker: { metrics } }: AsyncParts): Promise<Record<string, number>> {
  const found = await metrics.orphansFound.get();
  const repaired = await metrics.orphansRepaired.get();
  const counts: Record<string, number> = {};
  for (const { labels, value } of repaired.values) {
    counts[`${labels.kind} ${labels.action}`] = value;
  }
  for (const { labels, value } of found.values) {
    const mended = repaired.values.filter(({ labels: { kind } }) => kind === labels.kind);
    const left = value - mended.reduce((sum, one) => sum + one.value, 0);
    if (left > 0) counts[String(labels.kind)] = left;
  }
  return counts;
}

async function isHealed(orphan: Orphan, wanted: Wanted): Promise<void> {
  await eventually(() => orphan.isHealed(world, wanted).then(() => true));
}

async function isWhole(): Promise<void> {
  await awaitQuiet(store.url);
  const violations = await checkAll({ databaseUrl: store.url });
  assert.ok(violations.length === 0, describeViolations(violations));
}

for (const isOld of [false, true]) {
  const age = isOld ? 'among what is old' : 'among what is new';
  for (const orphan of orphans) {
    test(`${orphan.sentence} is found and healed, ${age}`, async () => {
      const worker = await work();
      const wanted = world.wanted(isOld);
      await orphan.plant(world, wanted);
      await isHealed(orphan, wanted);
      await isWhole();
      assert.deepEqual(await worker.counts(), { [`${orphan.kind} ${orphan.action}`]: 1 });
    });
  }
}

const orphan = (sentence: string): Orphan =>
  orphans.find((one) => one.sentence === sentence) ?? assert.fail(sentence);
const noSweep = { pagesPerTurn: { appointments: 0, slot_holds: 0, sagas: 0 } };
const lostCommand = orphan('a booking whose command is lost');

test('what is new is found without going through everything', async () => {
  await work(noSweep);
  const wanted = world.wanted();
  await lostCommand.plant(world, wanted);
  await isHealed(lostCommand, wanted);
  await isWhole();
});

/** Changes a booking as a PATCH does. */
async function update({ id }: Wanted, payload: object): Promise<void> {
  await store.query(
    `INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, payload,
      created_at, actor, request_id, traceparent)
    VALUES ('default', $1, 'update', $2, 'default', $3, now(), 'key:test', 'request-2', $4)`,
    [
      systemRandom.uuidV7(),
      id,
      JSON.stringify(payload),
      `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    ],
  );
  await allDecided(store);
}

test('all events behind the last one that is there are written with the bytes that were lost', async () => {
  const wanted = world.wanted();
  const { start, end } = wanted;
  await world.loseEvents(wanted.id, 2);
  await world.accept(wanted);
  await allDecided(store);
  await update(wanted, { slot: { start: start + 3_600, end: end + 3_600 } });
  await update(wanted, { metadata: '{"a":1}' });
  await world.api.act(wanted.id, 'cancel');
  await eventually(async () => (await world.state(wanted.id)) === 'CANCELLED 5');
  const lost = await world.lostEvents(wanted.id);
  assert.deepEqual(
    lost.map((text) => (JSON.parse(text) as { type: string }).type.split('.')[1]),
    ['scheduled', 'rescheduled', 'updated', 'cancelled'],
  );
  const worker = await work();
  await awaitEvents(wanted, 5);
  const events = await eventsOf(wanted);
  assert.deepEqual(events.slice(1), lost);
  assert.deepEqual(await worker.counts(), { 'state-without-event event-written': 1 });
  await store.query('DELETE FROM commands WHERE request_id = $1', ['request-2']);
});

async function eventsOf({ id }: Wanted): Promise<string[]> {
  const rows = await store.query<{ event: string }>(
    'SELECT event FROM event_log WHERE appointment_id = $1 ORDER BY position',
    [id],
  );
  return rows.map(({ event }) => event);
}

async function awaitEvents(wanted: Wanted, count: number): Promise<void> {
  await eventually(async () => (await eventsOf(wanted)).length === count);
}

test('a version without its history is counted once and left as it is', async () => {
  const worker = await work({ passesPerHistory: 1 });
  const wanted = world.wanted();
  await world.confirmed(wanted);
  // Else the audit would tell for ever that it was not there to be linked.
  await isWhole();
  await store.query(
    `CREATE TABLE lost_history AS SELECT * FROM appointment_history
      WHERE appointment_id = '${wanted.id}' AND version = 3;
    DELETE FROM appointment_history WHERE appointment_id = '${wanted.id}' AND version = 3`,
  );
  await eventually(async () => (await worker.counts())['version-without-history'] === 1);
  // Two more passes over the table.
  const later = world.wanted();
  for (let pass = 0; pass < 2; pass += 1) {
    await lostCommand.plant(world, later);
    await isHealed(lostCommand, later);
    later.id = systemRandom.uuidV7();
    later.start += 3_600;
    later.end += 3_600;
  }
  const { metrics } = worker.parts.worker;
  const unrepairable = await metrics.orphansUnrepairable.get();
  assert.deepEqual(
    unrepairable.values.map(({ labels, value }) => [labels.kind, value]),
    [['version-without-history', 1]],
  );
  await store.query('INSERT INTO appointment_history SELECT * FROM lost_history');
  await isWhole();
});

test('two at once heal every orphan once', async () => {
  const all: [Orphan, Wanted][] = [];
  for (const one of orphans) {
    for (const isOld of [false, true]) all.push([one, world.wanted(isOld)]);
  }
  // Confirms what is booked, and finds nothing that is younger than a day.
  const helping = await work({ ...noSweep, graceSeconds: 86_400 });
  for (const [one, wanted] of all) await one.plant(world, wanted);
  await helping.close();
  running.delete(helping);
  const workers = [await work(), await work()];
  for (const [one, wanted] of all) await isHealed(one, wanted);
  await isWhole();
  const counts: Record<string, number> = {};
  for (const worker of workers) {
    for (const [name, count] of Object.entries(await worker.counts())) {
      counts[name] = (counts[name] ?? 0) + count;
    }
  }
  const expected: Record<string, number> = {};
  for (const [{ kind, action }] of all) {
    expected[`${kind} ${action}`] = (expected[`${kind} ${action}`] ?? 0) + 1;
  }
  assert.deepEqual(counts, expected);
});

test('the engine books where a stray hold was, and not where a lost one is back', async () => {
  const [free, taken] = [world.wanted(), world.wanted()];
  const [stray, lost] = [orphan('a hold of nobody'), orphan('a booking whose hold is lost')];
  await stray.plant(world, free);
  // The engine loads again, and has it in memory.
  await store.query('UPDATE regions SET last_position = last_position + 1');
  await isRefused(free);
  const worker = await work();
  await lost.plant(world, taken);
  await isHealed(stray, free);
  await isHealed(lost, taken);
  await isRefused(taken);
  await world.confirmed({ ...free, id: systemRandom.uuidV7() });
  await isWhole();
  assert.equal(Object.keys(await worker.counts()).length, 2);
});

async function isRefused(wanted: Wanted): Promise<void> {
  const late = { ...wanted, id: systemRandom.uuidV7() };
  await world.accept(late);
  await eventually(async () => (await world.state(late.id)) === 'FAILED 2');
}

test('nothing is taken for an orphan while bookings are made, moved and cancelled', async () => {
  const worker = await work({ passMs: 0, msPerPage: 0, gentleMsPerPage: 0, lookMs: 0 });
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let turn = 0; turn < 12; turn += 1) {
        const wanted = world.wanted(turn % 2 === 0);
        await world.accept(wanted);
        if (turn % 3 === 0) await world.api.act(wanted.id, 'cancel');
        if (turn % 3 === 1)
          await eventually(async () => /CONFIRMED/.test(await world.state(wanted.id)));
        if (turn % 3 === 1) await world.api.act(wanted.id, 'start');
      }
    }),
  );
  await allDecided(store);
  await isWhole();
  assert.deepEqual(await worker.counts(), {});
});

test('an orphan that others have locked is in flight: it holds up nothing, and is healed later', async () => {
  // What is new is looked at before what is old.
  const [locked, other] = [world.wanted(), world.wanted(true)];
  await lostCommand.plant(world, locked);
  await lostCommand.plant(world, other);
  const client = new pg.Client(store.url);
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM appointments WHERE appointment_id = $1 FOR UPDATE', [
      locked.id,
    ]);
    await work();
    await isHealed(lostCommand, other);
    assert.equal(await world.state(locked.id), 'INIT 1');
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
  await isHealed(lostCommand, locked);
  await isWhole();
});

test('a region that is locked for long holds up what it does not concern', async () => {
  const [held, waiting] = [world.wanted(), world.wanted()];
  const [stray, lostTask] = [orphan('a hold of nobody'), orphan('a saga whose task is lost')];
  await lostTask.plant(world, waiting);
  await stray.plant(world, held);
  const client = new pg.Client(store.url);
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM regions FOR UPDATE');
    await work({ lockWaitMs: 50 });
    await isHealed(lostTask, waiting);
    assert.equal(
      (await store.query('SELECT FROM slot_holds WHERE appointment_id = $1', [held.id])).length,
      1,
    );
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
  await isHealed(stray, held);
  await isWhole();
});

test('nothing is repaired while writes are closed, and all of it once they are open', async () => {
  const wanted = world.wanted();
  const worker = await work();
  await world.acceptThen(
    wanted,
    `DELETE FROM commands WHERE appointment_id = '${wanted.id}';
    SELECT change_write_epoch('read-only', 'a test')`,
  );
  await eventually(() => !worker.parts.worker.epoch.writable());
  assert.equal(await world.state(wanted.id), 'INIT 1');
  await store.query(`SELECT change_write_epoch('read-write', 'a test')`);
  await isHealed(lostCommand, wanted);
  await isWhole();
  assert.deepEqual(await worker.counts(), { 'init-without-command command-restored': 1 });
});

test('what was imported, and what the log may have dropped, is passed over', async () => {
  const [imported, dropped] = [world.wanted(), world.wanted()];
  await world.acceptThen(
    imported,
    `DELETE FROM commands WHERE appointment_id = '${imported.id}';
    UPDATE appointments SET origin = 'v1' WHERE appointment_id = '${imported.id}'`,
  );
  await world.loseEvents(dropped.id, 3);
  const worker = await work();
  await world.confirmed(dropped);
  await eventually(async () => Object.keys(await worker.counts()).length > 0);
  await awaitEvents(dropped, 3);
  await store.query(`WITH gone AS (DELETE FROM event_log WHERE appointment_id = '${dropped.id}')
    UPDATE appointments SET updated_at = now() - interval '1 month'
    WHERE appointment_id = '${dropped.id}'`);
  const later = world.wanted();
  await lostCommand.plant(world, later);
  await isHealed(lostCommand, later);
  assert.equal(await world.state(imported.id), 'INIT 1');
  assert.deepEqual(await eventsOf(dropped), []);
  assert.deepEqual(await worker.counts(), {
    'state-without-event event-written': 1,
    'init-without-command command-restored': 1,
  });
});

test('of several workers the oldest that lives looks for orphans', async () => {
  const [oldest, middle, other] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`);
  const register = (processId: string | undefined, roles: string): Promise<unknown> =>
    store.query(
      `INSERT INTO processes (process_id, roles, host, pid, version)
      VALUES ($1, ARRAY[$2], 'test', 1, 'test')`,
      [processId, roles],
    );
  const isFirst = async (processId = ''): Promise<boolean> => {
    const { database } = worker.parts.worker;
    return (await readStanding(database, { processId, deepFrom: 1 })).isFirst;
  };
  const worker = await work();
  const session = new pg.Client(store.url);
  await session.connect();
  try {
    await register(oldest, 'api');
    await register(middle, 'worker');
    assert.equal(await isFirst(other), true, 'nobody holds the lock of the session');
    await session.query('SELECT hold_session(session_key) FROM processes WHERE process_id = $1', [
      middle,
    ]);
    assert.deepEqual([await isFirst(other), await isFirst(middle)], [false, true]);
    await store.query(`UPDATE processes SET heartbeat_at = now() - interval '1 minute'`);
    assert.equal(await isFirst(other), true, 'it has not been heard of for a while');
  } finally {
    await session.end();
    await store.query('DELETE FROM processes WHERE process_id = ANY ($1)', [[oldest, middle]]);
  }
});
