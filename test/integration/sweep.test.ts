import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sweepIdempotencyKeys, sweepInboxRows } from '../../src/store/write/sweep.ts';
import { maintenanceLoop } from '../../src/worker/maintenance.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
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
  await db.query('TRUNCATE idempotency_keys, commands, inbox, event_log, consumer_cursors');
});

/** Keys whose commands are in the state, first used so many hours ago. */
async function addKeys(count: number, state: 'pending' | 'applied', hours: number): Promise<void> {
  await db.query(
    `WITH command AS (
      INSERT INTO commands (tenant_id, command_id, operation, region, state, decided_at, created_at,
        actor)
      SELECT 'default', gen_random_uuid(), 'create', 'default', $2,
        CASE WHEN $2 = 'pending' THEN NULL ELSE now() END, now(), 'test'
      FROM generate_series(1, $1)
      RETURNING command_id)
    INSERT INTO idempotency_keys (tenant_id, operation, key, content_hash, command_id, subject_id,
      actor, first_used_at)
    SELECT 'default', 'create', command_id::text, '', command_id, command_id, 'test',
      now() - make_interval(hours => $3) FROM command`,
    [count, state, hours],
  );
}

async function keys(): Promise<number> {
  return (await db.query('SELECT FROM idempotency_keys')).length;
}

test('keys are kept for their time, and a batch is never larger than it may be', async () => {
  await addKeys(25, 'applied', 26);
  await addKeys(3, 'applied', 24);
  const sweep = (): Promise<number> =>
    sweepIdempotencyKeys(parts.worker.database, 1, { olderThanHours: 25, limit: 10 });
  assert.deepEqual([await sweep(), await keys()], [10, 18]);
  assert.deepEqual([await sweep(), await sweep(), await sweep()], [10, 5, 0]);
  assert.equal(await keys(), 3);
});

test('a key whose command is pending is kept, however old', async () => {
  await addKeys(5, 'pending', 1_000);
  await addKeys(5, 'applied', 1_000);
  const limits = { olderThanHours: 25, limit: 100 };
  assert.equal(await sweepIdempotencyKeys(parts.worker.database, 1, limits), 5);
  assert.equal(await keys(), 5);
  await db.query(`UPDATE commands SET state = 'refused', decided_at = now()`);
  assert.equal(await sweepIdempotencyKeys(parts.worker.database, 1, limits), 5);
});

test('a key that has no command goes by its age alone', async () => {
  await addKeys(1, 'applied', 30);
  await db.query('UPDATE idempotency_keys SET command_id = NULL');
  const limits = { olderThanHours: 25, limit: 100 };
  assert.equal(await sweepIdempotencyKeys(parts.worker.database, 1, limits), 1);
});

test('what a consumer will meet in the log once more stays in its inbox', async () => {
  await db.query(`INSERT INTO inbox (consumer, tenant_id, appointment_id, version, taken_at)
    SELECT 'test', 'default', gen_random_uuid(), 1, now() - interval '9 days'
    FROM generate_series(1, 4)`);
  await db.query(`INSERT INTO consumer_cursors (consumer, shard, position) VALUES ('test', 0, 2)`);
  await db.query(`INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type,
      event, created_at)
    SELECT 0, row_number() OVER (), tenant_id, appointment_id, version, 'x', '{}', now()
    FROM inbox LIMIT 3`);
  const sweep = (): Promise<number> =>
    sweepInboxRows(parts.worker.database, 1, { olderThanDays: 8, limit: 100 });
  assert.equal(await sweep(), 3);
  await db.query('UPDATE consumer_cursors SET position = 3');
  assert.equal(await sweep(), 1);
});

test('maintenance sweeps whatever is old, batch after batch, and leaves the rest', async () => {
  await addKeys(2_500, 'applied', 26);
  await addKeys(1, 'applied', 1);
  await db.query(`INSERT INTO inbox (consumer, tenant_id, appointment_id, version, taken_at)
    SELECT 'test', 'default', gen_random_uuid(), 1, now() - make_interval(days => n % 2 * 9)
    FROM generate_series(1, 2400) n`);
  const loop = maintenanceLoop(parts.worker);
  loop.start();
  await eventually(async () => (await keys()) === 1);
  await eventually(async () => (await db.query('SELECT FROM inbox')).length === 1_200);
  await loop.stop();
});
