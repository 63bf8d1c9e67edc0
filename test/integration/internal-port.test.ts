import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { DecisionWaiter } from '../../src/api/decision-waiter.ts';
import { Engines } from '../../src/api/engines/engines.ts';
import type { AvailabilityQuery, Decision } from '../../src/contract/engine-link.ts';
import { internalPaths } from '../../src/contract/internal-paths.ts';
import { Problem } from '../../src/contract/problem.ts';
import { createInternalServer } from '../../src/gateway/internal-server.ts';
import type { Gateway } from '../../src/gateway/index.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { allDecided } from '../support/engine-invariants.ts';
import {
  accepting,
  openResource,
  runEngine,
  type Accepting,
  type RunningEngine,
} from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';

const secret = 'only-these-processes-know';
const parts = { clock: systemClock, log: createLog('silent', 'test') };
let store: TestDatabase;
let database: Database;
let api: Accepting;
let engine: RunningEngine;
let server: Gateway;
let way: FaultProxy;
const running = new Set<Engines>();

before(async () => {
  store = await freshDatabase();
  database = openDatabase({ url: store.url, applicationName: 'internal', maxConnections: 4 });
  api = accepting(store);
  // Renewals are rare, so that it learns nothing by them while a test looks.
  engine = await runEngine(store.url, { leaseSeconds: 600 });
  server = createInternalServer({
    ...{ ...parts, random: systemRandom, metrics: createMetrics(), secret },
    config: { host: '127.0.0.1', port: 0 },
    routes: engine.internalRoutes,
  });
  await server.start();
  way = await startFaultProxy(`http://127.0.0.1:${server.address().port}`);
  await store.query('UPDATE processes SET internal_url = $1', [way.url]);
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  await api.put('put-resource', openResource('a'));
  await allDecided(store);
});
after(async () => {
  await way.close();
  await server.stop();
  await engine.close();
  await api.close();
  await database.close();
  await store.drop();
});
afterEach(async () => {
  way.heal();
  for (const one of running) await one.stop();
  running.clear();
});

/** The engines as a process without one sees them, and what it hears. */
async function elsewhere(options: { secret?: string | undefined } = { secret }) {
  const engines = new Engines({
    ...{ ...parts, database, own: undefined, secret: options.secret },
    identity: { processId: systemRandom.uuidV7() },
  });
  running.add(engines);
  const heard: Decision[] = [];
  engines.onDecision((decision) => heard.push(decision));
  await engines.start();
  return { engines, heard };
}

let booked = 0;
const nextHour = (): { start: number; end: number } => {
  const from = at('2030-06-03T00:00:00Z') + 3_600 * (booked += 1);
  return { start: from, end: from + 3_600 };
};
const asked = (hour: { start: number; end: number }): AvailabilityQuery => ({
  ...{ tenantId: 'default', serviceType: 'consultation', from: hour.start, to: hour.end },
  ...{ durationSeconds: 3_600, stepSeconds: 3_600, limit: 9 },
});

/** Answers once a decision that is made now is heard at once: the stream is open. */
async function untilHeard({ heard }: { heard: Decision[] }): Promise<void> {
  await eventually(async () => {
    await api.create(nextHour());
    engine.link.wake();
    await allDecided(store);
    return heard.length > 0;
  });
  heard.length = 0;
}

function post(path: string, body: unknown, key: string | undefined): Promise<Response> {
  return fetch(new URL(path, way.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: key }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

test('without the secret nothing is answered', async () => {
  const wrong = [undefined, '', secret, `Bearer ${secret}x`, 'Bearer', `Basic ${secret}`];
  for (const key of wrong) {
    for (const path of [internalPaths.wake, internalPaths.availability]) {
      const refused = await post(path, {}, key);
      assert.equal(refused.status, 401, `${path} ${key}`);
      assert.doesNotMatch(await refused.text(), /region|slots/);
    }
    const headers = key === undefined ? {} : { authorization: key };
    const stream = await fetch(new URL(internalPaths.decisions, way.url), { headers });
    assert.equal(stream.status, 401);
    await stream.body?.cancel();
  }
  assert.equal((await post(internalPaths.wake, undefined, `Bearer ${secret}`)).status, 204);
});

test('what is malformed, too large or not there is refused', async () => {
  const key = `Bearer ${secret}`;
  const path = internalPaths.availability;
  assert.equal((await post(path, { query: {} }, key)).status, 422);
  assert.equal((await post(path, { text: 'x'.repeat(2 * 1024 * 1024) }, key)).status, 413);
  assert.equal((await post('/v1/appointments', {}, key)).status, 404);
  assert.equal((await fetch(new URL('/metrics', way.url))).status, 404);
});

test('a route that would be public is not mounted', () => {
  const [wake] = engine.internalRoutes;
  assert.ok(wake);
  const route = { ...wake, scopes: [], ownership: 'public' } as const;
  const config = { host: '127.0.0.1', port: 0 };
  const metrics = createMetrics();
  assert.throws(
    () =>
      createInternalServer({
        ...{ ...parts, random: systemRandom, metrics, secret, config, routes: [route] },
      }),
    /would be public/,
  );
});

test('decisions are heard in other processes, each once and whole', async () => {
  const there = await elsewhere();
  await untilHeard(there);
  engine.decisions.length = 0;
  await api.create(nextHour(), nextHour(), nextHour());
  there.engines.wake();
  await eventually(() => there.heard.length === 3);
  assert.deepEqual(there.heard, engine.decisions);
});

test('a stream that breaks is opened again, and what it missed is found by those who wait', async () => {
  const there = await elsewhere();
  await untilHeard(there);
  const limits = { pollDecisionsMs: 50, maxWaiters: 100 };
  const waiter = new DecisionWaiter({ ...parts, database, engine: there.engines, limits });
  waiter.start();
  for (let round = 0; round < 5; round += 1) {
    way.use({ kind: 'answer-dropped', then: 'reset' });
    const command = await api.put('put-resource', openResource('a'));
    const expectation = waiter.expect({ tenantId: 'default', commandId: command });
    assert.equal((await expectation?.decided(10))?.state, 'applied');
    way.heal();
  }
  waiter.stop();
  there.heard.length = 0;
  await untilHeard(there);
});

test('a way that swallows all is noticed, and a new one is taken once there is one', async () => {
  const there = await elsewhere();
  await untilHeard(there);
  way.use({ kind: 'half-open' });
  await assert.rejects(there.engines.availability(asked(nextHour())), isUnavailable);
  way.heal();
  await untilHeard(there);
});

test('another process offers what the owner offers', async () => {
  const { engines } = await elsewhere();
  const hour = nextHour();
  const query = { ...asked(hour), to: hour.end + 3_600 };
  const { slots } = await engines.availability(query);
  assert.deepEqual(slots, engine.link.availability(query)?.slots);
  assert.equal(slots.length, 2);
  await api.create(hour);
  engine.link.wake();
  await allDecided(store);
  const left = await engines.availability({ ...query, resourceId: 'a' });
  assert.deepEqual(
    left.slots.map(({ start }) => start),
    [hour.end],
  );
  const absence = { tenantId: 'default', resourceId: 'a', ...hour };
  const { moved, unresolved } = await engines.previewAbsence(absence);
  assert.deepEqual([moved.length, unresolved.length], [0, 1]);
});

test('no answer is older than the question, whoever has changed what the owner knows', async () => {
  const { engines } = await elsewhere();
  const hour = nextHour();
  for (const active of [false, true, false, true]) {
    // As another process's engine commits it; the owner finds it within an idle poll, or if asked.
    await store.query(`UPDATE service_types SET active = ${active} WHERE code = 'consultation';
      UPDATE regions SET catalogue_version = catalogue_version + 1`);
    const { slots } = await engines.availability(asked(hour));
    assert.equal(slots.length, active ? 1 : 0);
  }
});

test('an owner whose region is another’s, or nobody’s, is not believed', async () => {
  const { engines } = await elsewhere();
  const hour = nextHour();
  const refuses = () => assert.rejects(engines.availability(asked(hour)), isUnavailable);
  assert.equal((await engines.availability(asked(hour))).slots.length, 1);
  const stranger = systemRandom.uuidV7();
  // The row names the engine, under a token that it has not got.
  await store.query('UPDATE regions SET token = token + 1');
  await refuses();
  await store.query(`UPDATE regions SET owner = '${stranger}', owner_session = NULL,
    lease_expires_at = now() + interval '60 seconds', token = token + 1`);
  await refuses();
  await store.query(`UPDATE regions SET owner = NULL`);
  await eventually(async () => (await engines.availability(asked(hour))).slots.length === 1);
});

test('an installation that cannot answer across processes says why', async () => {
  const detail = async (options?: { secret: string | undefined }): Promise<string> => {
    const { engines } = await elsewhere(options);
    const failure = await engines.availability(asked(nextHour())).catch((error: unknown) => error);
    assert.ok(failure instanceof Problem && failure.status === 503, String(failure));
    assert.ok(failure.headers['retry-after']);
    return failure.message;
  };
  assert.match(await detail({ secret: undefined }), /INTERNAL_SECRET is not set/);
  assert.match(await detail({ secret: 'not the one of the others' }), /no engine/);
  await store.query('UPDATE processes SET internal_url = NULL');
  assert.match(await detail(), /INTERNAL_PORT is not set/);
  await store.query('UPDATE processes SET internal_url = $1', [way.url]);
});

function isUnavailable(error: unknown): boolean {
  return error instanceof Problem && error.status === 503 && 'retry-after' in error.headers;
}
