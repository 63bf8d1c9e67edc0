import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { allDecided, assertWhole } from '../support/engine-invariants.ts';
import { accepting, openResource, runEngine, type Accepting } from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';

let db: TestDatabase;
let api: Accepting;

before(async () => {
  db = await freshDatabase();
  api = accepting(db);
});
after(async () => {
  await api.close();
  await db.drop();
});

const nine = at('2030-06-03T09:00:00Z');
const hour = (n: number) => ({ start: nine + n * 3_600, end: nine + (n + 1) * 3_600 });

async function stateOf(id: string): Promise<string> {
  const [row] = await db.query<{ state: string }>(
    `SELECT state || ' ' || version AS state FROM appointments WHERE appointment_id = $1`,
    [id],
  );
  return row?.state ?? 'absent';
}

/** Does `work` in a transaction of somebody else's, which ends when the answer is called. */
async function held(work: string): Promise<() => Promise<void>> {
  const client = new pg.Client(db.url);
  await client.connect();
  await client.query('BEGIN');
  await client.query(work);
  return async () => {
    await client.query('COMMIT');
    await client.end();
  };
}

async function batchWaits(): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE application_name = 'engine batches'
    AND wait_event_type = 'Lock' AND datname = current_database()`;
  await eventually(async () => (await db.query(waiting)).length === 1);
}

test('a booking whose batch was not committed is decided as if it had never been', async () => {
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  await api.put('put-resource', openResource('a'));
  const engine = await runEngine(db.url);
  try {
    const [first = '', second = ''] = await api.create(hour(0), hour(1));
    await allDecided(db);
    // While a batch waits for the second's row, the next one fills: a cancellation and a booking.
    const letSecondGo = await held(
      `SELECT FROM appointments WHERE appointment_id = '${second}' FOR UPDATE`,
    );
    await api.act(second, 'cancel');
    await batchWaits();
    const letFirstGo = await held(
      `WITH changed AS (UPDATE appointments SET version = 3, state = 'CONFIRMED'
        WHERE appointment_id = '${first}' RETURNING *),
      event AS (INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
        SELECT 0, tenant_id, appointment_id, 3, 'x', '{}', 'worker' FROM changed)
      INSERT INTO appointment_history (tenant_id, appointment_id, version, to_state, cause,
        start_at, end_at, actor, at)
      SELECT tenant_id, appointment_id, 3, state, 'x', start_at, end_at, 'w', now() FROM changed`,
    );
    await api.act(first, 'cancel');
    const [booked = ''] = await api.create(hour(2));
    await letSecondGo();
    await eventually(async () => (await stateOf(second)) === 'CANCELLED 3');
    await batchWaits();
    await letFirstGo();
    await allDecided(db);
    assert.deepEqual([await stateOf(first), await stateOf(booked)], ['CANCELLED 4', 'SCHEDULED 2']);
    const [again = ''] = await api.create(hour(0));
    await allDecided(db);
    assert.equal(await stateOf(again), 'SCHEDULED 2');
    await assertWhole(db);
  } finally {
    await engine.close();
  }
});
