import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Idempotency } from '../../src/api/idempotency.ts';
import { systemClock } from '../../src/io/clock.ts';
import { isUnavailable } from '../../src/io/postgres.ts';
import { statement } from '../../src/store/statement.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { accepting, openResource, runEngine } from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';
import { openPools, type Pools } from '../support/pools.ts';

let store: TestDatabase;
let pools: Pools;

before(async () => {
  store = await freshDatabase();
  pools = openPools(store.url, 'hung');
});
after(async () => {
  await pools.close();
  await store.drop();
});

const backend = statement<{ pid: number }>('test_backend', 'SELECT pg_backend_pid() AS pid');

test('a transaction whose session ends between two statements fails, and nothing else', async () => {
  const ending = pools.database.transaction(async (queries) => {
    const [row] = await queries.run(backend);
    await store.query('SELECT pg_terminate_backend($1)', [row?.pid]);
    await eventually(async () => {
      const rows = await store.query('SELECT FROM pg_stat_activity WHERE pid = $1', [row?.pid]);
      return rows.length === 0;
    });
    return queries.run(backend);
  });
  await assert.rejects(ending, (error) => isUnavailable(error));
  assert.equal((await pools.database.run(backend)).length, 1);
});

test('a first request that hangs does not keep its key for ever', async () => {
  const limits = { keyInFlightMs: 20, keyForgottenMs: 200 };
  const idempotency = new Idempotency(pools.reads, systemClock, limits);
  const name = { tenantId: 'default', operation: 'create', key: 'a-key-of-sixteen' };
  const hangs = new Promise<never>(() => undefined);
  void idempotency.once(name, '00', () => hangs);
  await assert.rejects(
    idempotency.once(name, '00', () => hangs),
    { code: 'key-in-flight' },
  );
  const outcome = await eventually(() => idempotency.once(name, '00', () => Promise.resolve('in')));
  assert.deepEqual(outcome, { accepted: 'in' });
});

test('a region whose loop hangs is decided by another one, and the first is fenced', async () => {
  const api = accepting(store);
  const failpoints = 'engine.after-decide-before-commit=hang@2';
  const engine = await runEngine(store.url, { failpoints });
  const tokens = (): Promise<{ token: number }[]> => store.query('SELECT token FROM regions');
  const [before] = await tokens();
  try {
    const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
    await api.put('put-location', { ...main, latitude: null, longitude: null });
    await api.put('put-resource', openResource('a'));
    const start = at('2030-06-03T09:00:00Z');
    for (const hour of [0, 1]) {
      const slot = { start: start + hour * 3_600, end: start + hour * 3_600 + 1_800 };
      const [id] = await api.create(slot);
      await eventually(async () => {
        const rows = await store.query<{ state: string }>(
          'SELECT state FROM appointments WHERE appointment_id = $1',
          [id],
        );
        return rows[0]?.state === 'SCHEDULED';
      }, 30_000);
    }
    const [now] = await tokens();
    assert.equal(now?.token, (before?.token ?? NaN) + 1);
  } finally {
    await engine.close();
    await api.close();
  }
});
