import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { openDatabase, sqlState, type Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { commitDecisions, type DecideBatch } from '../../src/store/write/decide.ts';
import {
  acquireFreeRegions,
  readPosition,
  releaseOwnRegions,
  renewOwnRegions,
  type LeaseHolder,
} from '../../src/store/write/region-lease.ts';
import { netRoles } from '../../src/store/row-security.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { allDecided, assertWhole } from '../support/engine-invariants.ts';
import {
  accepting,
  openResource,
  runEngine,
  session,
  type Accepting,
  type RunningEngine,
} from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';

let store: TestDatabase;
let database: Database;
let api: Accepting;
const running = new Set<{ close(): Promise<void> }>();

before(async () => {
  store = await freshDatabase();
  database = openDatabase({
    ...{ url: store.url, applicationName: 'takeover', maxConnections: 4 },
    role: netRoles.writer,
  });
  api = accepting(store);
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  await api.put('put-resource', openResource('a'));
  // Decided before any test begins, so that none depends on another.
  const first = await runEngine(store.url);
  await allDecided(store);
  await first.close();
});
after(async () => {
  await api.close();
  await database.close();
  await store.drop();
});
beforeEach(async () => {
  await store.query(
    `UPDATE regions SET owner = NULL, owner_session = NULL, lease_expires_at = '-infinity'`,
  );
});
afterEach(async () => {
  for (const one of running) await one.close();
  running.clear();
});

async function start(options: Parameters<typeof runEngine>[1] = {}): Promise<RunningEngine> {
  const engine = await runEngine(store.url, options);
  running.add(engine);
  return engine;
}

function holder(changes: Partial<LeaseHolder> = {}): LeaseHolder {
  return { processId: systemRandom.uuidV7(), sessionKey: null, leaseSeconds: 60, ...changes };
}

let booked = 0;
const nextHour = (): { start: number; end: number } => {
  const from = at('2030-06-03T00:00:00Z') + 3_600 * (booked += 1);
  return { start: from, end: from + 3_600 };
};

async function owner(): Promise<string | null> {
  const [row] = await store.query<{ owner: string | null }>('SELECT owner FROM regions');
  return row?.owner ?? null;
}

async function token(): Promise<number> {
  const [row] = await store.query<{ token: number }>('SELECT token FROM regions');
  return row?.token ?? NaN;
}

/** Gives the region to another, as if its owner had not renewed in time. */
async function steal(thief = holder()): Promise<LeaseHolder> {
  await store.query(`UPDATE regions SET lease_expires_at = '-infinity'`);
  await eventually(async () => (await acquireFreeRegions(database, thief)).length === 1);
  return thief;
}

const availabilityOf = (engine: RunningEngine) => {
  const from = at('2031-01-01T00:00:00Z');
  const query = { tenantId: 'default', serviceType: 'consultation', from, to: from + 86_400 };
  return engine.link.availability({ ...query, durationSeconds: 60, stepSeconds: 60, limit: 1 });
};

async function emptyBatch(token: number): Promise<DecideBatch> {
  const [row] = await store.query<{ at: number; version: number }>(
    'SELECT last_position AS at, catalogue_version AS version FROM regions',
  );
  const position = row?.at ?? NaN;
  return {
    ...{ epoch: 1, tenantId: 'default', region: 'default', token },
    ...{ lastPosition: position, newPosition: position, decidedNow: 0, sagaDeadlineSeconds: 600 },
    ...{ catalogueVersion: row?.version ?? NaN, otherRegions: [] },
    ...{ transitions: [], commands: [] },
  };
}

const state = (expected: string) => (error: unknown) => sqlState(error) === expected;

test('a region has one owner, each with a higher token, and only the last may write', async () => {
  const [first, second] = [holder(), holder()];
  const [old] = await acquireFreeRegions(database, first);
  assert.ok(old);
  assert.deepEqual(await acquireFreeRegions(database, second), [], 'it is not free');
  assert.deepEqual(await acquireFreeRegions(database, first), [], 'what is ours is renewed');
  await commitDecisions(database, await emptyBatch(old.token));
  await steal(second);
  assert.deepEqual(await renewOwnRegions(database, first), []);
  assert.equal(await readPosition(database, old), undefined);
  await assert.rejects(commitDecisions(database, await emptyBatch(old.token)), state('SW002'));
  await commitDecisions(database, await emptyBatch(old.token + 1));
  await releaseOwnRegions(database, first.processId);
  assert.equal(await owner(), second.processId, 'nobody lets go of what is another’s');
});

test('a decision planned on another position is refused, whoever holds the token', async () => {
  const [lease] = await acquireFreeRegions(database, holder());
  const batch = await emptyBatch(lease?.token ?? 0);
  const late = { ...batch, lastPosition: batch.lastPosition - 1 };
  await assert.rejects(commitDecisions(database, late), state('SW002'));
});

test('a region is free as soon as the session of its owner has ended', async () => {
  const gone = session(database);
  await gone.start();
  const { processId, sessionKey } = gone;
  await acquireFreeRegions(database, holder({ processId, sessionKey }));
  const engine = await start();
  const [id] = await api.create(nextHour());
  assert.equal(await owner(), processId);
  assert.equal(engine.ready(), undefined, 'it stands by');
  await store.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND objid = $1 AND classid = 730511`,
    [sessionKey],
  );
  await eventually(async () => (await owner()) === engine.processId);
  await allDecided(store);
  assert.ok(id !== undefined && engine.decisions.length > 0);
  await gone.stop();
});

test('a process whose session broke goes on under another key, which renewals tell', async () => {
  const engine = await start({ leaseSeconds: 1 });
  const keys = `SELECT owner_session FROM regions WHERE owner = '${engine.processId}'`;
  const [before] = await store.query(keys);
  await store.query(
    `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE locktype = 'advisory' AND classid = 730511 AND datname = current_database()`,
  );
  const after = await eventually(async () => {
    const [row] = await store.query(keys);
    // None at all for as long as the process has no session.
    const key = row?.['owner_session'] ?? before?.['owner_session'];
    return key === before?.['owner_session'] ? undefined : row;
  });
  const [held] = await store.query('SELECT session_is_gone($1) AS gone', [after['owner_session']]);
  assert.equal(held?.['gone'], false);
});

test('a region whose owner hangs is free at the end of the lease', async () => {
  await acquireFreeRegions(database, holder({ leaseSeconds: 1 }));
  const engine = await start();
  await eventually(async () => (await owner()) === engine.processId);
  await api.create(nextHour());
  await allDecided(store);
});

test('a deposed engine notices, lets go, and stands by for its turn', async () => {
  const engine = await start();
  await allDecided(store);
  assert.ok(availabilityOf(engine));
  const thief = await steal();
  await eventually(() => availabilityOf(engine) === undefined);
  await eventually(async () => {
    return /slotwright_regions_owned 0/.test(await engine.metrics.registry.metrics());
  });
  assert.equal(engine.ready(), undefined);
  await api.create(nextHour());
  await releaseOwnRegions(database, thief.processId);
  await allDecided(store);
  assert.equal(await owner(), engine.processId);
  await eventually(() => availabilityOf(engine));
});

test('a commit that was on its way while another took the region does not happen', async () => {
  const failpoints = 'engine.after-decide-before-commit=delay:3000';
  const paused = await start({ failpoints, leaseSeconds: 30 });
  const [id] = await api.create(nextHour());
  paused.link.wake();
  const thief = await steal();
  await eventually(() => availabilityOf(paused) === undefined);
  await assertWhole(store);
  assert.deepEqual(paused.decisions, []);
  await releaseOwnRegions(database, thief.processId);
  const next = await start();
  await allDecided(store);
  const [row] = await store.query('SELECT version FROM appointments WHERE appointment_id = $1', [
    id,
  ]);
  assert.deepEqual(row, { version: 2 });
  assert.equal(paused.decisions.length + next.decisions.length, 1);
  await assertWhole(store);
});

test('a region that became ours although the answer was lost is decided by us', async () => {
  const engine = await start({ leaseSeconds: 1 });
  await store.query('UPDATE regions SET token = token + 1');
  await api.create(nextHour());
  await allDecided(store);
  assert.equal(await owner(), engine.processId);
  await assertWhole(store);
});

test('a position that moved under us is read again, and the region is kept', async () => {
  const engine = await start();
  await allDecided(store);
  await store.query('UPDATE regions SET last_position = last_position + 5');
  await api.create(nextHour());
  await allDecided(store);
  assert.equal(await owner(), engine.processId);
  await store.query(
    `UPDATE regions SET last_position = last_position - 5;
    UPDATE commands SET position = position - 5
    WHERE position = (SELECT max(position) FROM commands)`,
  );
});

test('two engines that fight over a region decide everything once', async () => {
  const engines = [await start({ leaseSeconds: 1 }), await start({ leaseSeconds: 1 })];
  const accepted: string[] = [];
  for (let round = 0; round < 12; round += 1) {
    const ids = await api.create(nextHour(), nextHour(), nextHour());
    accepted.push(...ids);
    await api.act(ids[0] ?? '', 'cancel');
    const held = await token();
    for (const engine of engines) engine.link.wake();
    if (round % 4 !== 0) continue;
    await eventually(async () => {
      await store.query(`UPDATE regions SET lease_expires_at = '-infinity'`);
      return (await token()) > held;
    });
  }
  await allDecided(store);
  const [row] = await store.query<{ versions: number; states: string }>(
    `SELECT sum(version) AS versions, string_agg(DISTINCT state, ' ' ORDER BY state) AS states
    FROM appointments WHERE appointment_id = ANY ($1)`,
    [accepted],
  );
  assert.deepEqual(row, { versions: 12 * (3 + 2 + 2), states: 'CANCELLED SCHEDULED' });
  await assertWhole(store);
});

test('an engine that is stopped gives its regions to others at once', async () => {
  const engine = await start({ leaseSeconds: 30 });
  assert.equal(await owner(), engine.processId);
  await engine.stop();
  assert.equal(await owner(), null);
  assert.notEqual(engine.ready(), undefined);
});
