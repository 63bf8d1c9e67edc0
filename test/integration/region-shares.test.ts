import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import {
  holdSessionLock,
  registerProcess,
  unregisterProcess,
} from '../../src/store/write/processes.ts';
import {
  acquireFreeRegions,
  countSurplusRegions,
  releaseOwnRegions,
  renewOwnRegions,
} from '../../src/store/write/region-lease.ts';
import { netRoles } from '../../src/store/row-security.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { allDecided, assertWhole } from '../support/engine-invariants.ts';
import {
  accepting,
  openResource,
  runEngine,
  type Accepting,
  type RunningEngine,
} from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';

const withinMs = 20_000;
let store: TestDatabase;
let database: Database;
let api: Accepting;
const running = new Set<{ close(): Promise<void> }>();

before(async () => {
  store = await freshDatabase();
  database = openDatabase({
    ...{ url: store.url, applicationName: 'shares', maxConnections: 4 },
    role: netRoles.writer,
  });
  api = accepting(store);
});
after(async () => {
  await api.close();
  await database.close();
  await store.drop();
});
beforeEach(() => regions(0));
afterEach(async () => {
  for (const one of running) await one.close();
  running.clear();
});

/** Leaves the region `default` and this many others, all free. */
async function regions(others: number): Promise<void> {
  await store.query(`DELETE FROM regions WHERE region <> 'default';
    UPDATE regions SET owner = NULL, owner_session = NULL, lease_expires_at = '-infinity';
    INSERT INTO regions (tenant_id, region)
      SELECT 'default', 'r' || n FROM generate_series(1, ${others}) n`);
}

async function start(options: { leaseSeconds?: number } = {}): Promise<RunningEngine> {
  const engine = await runEngine(store.url, options);
  running.add(engine);
  return engine;
}

/** A process that lives, and takes part in sharing only when told to. */
async function partner(leaseSeconds = 60) {
  const processId = systemRandom.uuidV7();
  const who = { processId, roles: ['engine'], host: 'test', pid: 0, version: 'test' };
  const sessionKey = await registerProcess(database, { ...who, internalUrl: null });
  const held = await database.openSession(() => undefined);
  await holdSessionLock(held, sessionKey);
  const holder = { processId, sessionKey, leaseSeconds };
  const die = () => held.close();
  running.add({ close: () => die().then(() => unregisterProcess(database, processId)) });
  return {
    renew: () => renewOwnRegions(database, holder),
    acquire: async () => (await acquireFreeRegions(database, holder)).length,
    surplus: () => countSurplusRegions(database, processId),
    release: () => releaseOwnRegions(database, processId),
    die,
  };
}

async function counts(...engines: RunningEngine[]): Promise<number[]> {
  const rows = await store.query<{ owner: string; count: number }>(
    'SELECT owner, count(*) FROM regions WHERE owner IS NOT NULL GROUP BY owner',
  );
  return engines.map(({ processId }) => rows.find(({ owner }) => owner === processId)?.count ?? 0);
}

function shared(engines: RunningEngine[], expected: number[]): Promise<boolean> {
  return eventually(async () => {
    const now = await counts(...engines);
    const sorted = [...now].sort().join();
    if (sorted !== [...expected].sort().join()) throw new Error(`shared as ${now.join()}`);
    return true;
  }, withinMs);
}

test('an engine takes its share and no more while others are there', async () => {
  await regions(6);
  const [one, other] = [await partner(), await partner()];
  await one.renew();
  assert.equal(await one.acquire(), 7, 'alone it takes all');
  await one.release();
  await Promise.all([one.renew(), other.renew()]);
  assert.equal(await one.acquire(), 4, 'half, rounded up');
  assert.equal(await one.acquire(), 0);
  assert.equal(await other.acquire(), 3, 'what is left');
  assert.deepEqual([await one.surplus(), await other.surplus()], [0, 0]);
});

test('a share is left for those alone who have shown to be there', async () => {
  await regions(1);
  const [one, other] = [await partner(), await partner()];
  await one.renew();
  assert.equal(await one.acquire(), 2, 'a process without an engine has no share');
  await other.renew();
  assert.deepEqual([await one.surplus(), await other.surplus()], [1, 0]);
  await other.release();
  assert.equal(await one.surplus(), 0, 'it has said that it goes');
  await other.renew();
  await other.die();
  assert.equal(await one.surplus(), 0, 'its session has ended');
});

test('one that hangs has a share until its lease ends, and its regions are free then', async () => {
  await regions(3);
  const [hanging, other] = [await partner(1), await partner()];
  await Promise.all([hanging.renew(), other.renew()]);
  assert.deepEqual([await hanging.acquire(), await other.acquire()], [2, 2]);
  assert.equal(await eventually(() => other.acquire()), 2);
});

test('the dead one’s regions are shared out among the living', async () => {
  await regions(5);
  const [dead, one, other] = [await partner(), await partner(), await partner()];
  await Promise.all([dead.renew(), one.renew(), other.renew()]);
  assert.deepEqual([await dead.acquire(), await one.acquire(), await other.acquire()], [2, 2, 2]);
  await dead.die();
  assert.deepEqual([await one.acquire(), await other.acquire()], [1, 1]);
});

test('nobody is left without a region while another could spare one', async () => {
  await regions(3);
  const [one, other, third] = [await partner(), await partner(), await partner()];
  await Promise.all([one.renew(), other.renew()]);
  assert.deepEqual([await one.acquire(), await other.acquire()], [2, 2]);
  await third.renew();
  assert.deepEqual([await one.surplus(), await other.surplus(), await third.surplus()], [1, 1, 0]);
  await store.query(`UPDATE regions SET owner = NULL WHERE region = 'r1'`);
  assert.equal(await third.acquire(), 1);
  assert.deepEqual([await one.surplus(), await other.surplus(), await third.surplus()], [0, 0, 0]);
});

test('engines that come and go share the regions evenly, and those stay where they are', async () => {
  await regions(6);
  const first = await start();
  await shared([first], [7]);
  const second = await start();
  await shared([first, second], [4, 3]);
  const third = await start();
  await shared([first, second, third], [3, 2, 2]);
  await second.close();
  running.delete(second);
  await shared([first, third], [4, 3]);
  const tokens = 'SELECT region, token FROM regions ORDER BY region';
  const settled = await store.query(tokens);
  // Longer than a surplus is waited for: nothing moves to and fro.
  const until = performance.now() + 2_500;
  await eventually(() => performance.now() > until);
  assert.deepEqual(await store.query(tokens), settled);
});

test('a region that changes hands under load loses no command and doubles none', async () => {
  for (const region of ['a', 'b', 'c']) {
    const place = { id: `at-${region}`, name: region, timeZone: 'UTC', region, active: true };
    await api.put('put-location', { ...place, latitude: null, longitude: null });
  }
  const first = await start();
  await allDecided(store);
  for (const region of ['a', 'b', 'c']) {
    const resource = openResource(`${region}-1`, { locations: [`at-${region}`] });
    await api.put('put-resource', resource, { region });
  }
  await allDecided(store);
  await shared([first], [4]);
  const second = await start();
  const balanced = shared([first, second], [2, 2]).then(() => 'balanced');
  const accepted: string[] = [];
  const nine = at('2030-06-03T09:00:00Z');
  for (let hour = 0; (await Promise.race([balanced, act(hour)])) !== 'balanced'; hour += 1);
  async function act(hour: number): Promise<string> {
    const slot = { start: nine + hour * 3_600, end: nine + (hour + 1) * 3_600 };
    const wanted = ['a', 'b', 'c'].map((region) => {
      return { ...slot, region, location: `at-${region}`, locationKnown: true };
    });
    accepted.push(...(await api.create(...wanted)));
    return 'more';
  }
  await allDecided(store);
  const [row] = await store.query<{ count: number }>(
    `SELECT count(*) FROM appointments WHERE state = 'SCHEDULED' AND version = 2`,
  );
  assert.ok(accepted.length > 30);
  assert.equal(row?.count, accepted.length);
  assert.equal(first.decisions.length + second.decisions.length - 6, accepted.length);
  await assertWhole(store);
});
