import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import { makeConsumerCursors } from '../../src/store/write/consumer.ts';
import { dropEventLogPartitions, makeEventLogPartitions } from '../../src/store/write/event-log.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

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

/** Weeks that ended 2, 4, 6 and 8 weeks ago with ten events each, 1 to 40, in shard 7. */
beforeEach(async () => {
  await db.query('TRUNCATE event_log, consumer_cursors');
  await dropEventLogPartitions(parts.relay.database, 1, 9);
  await db.query('UPDATE outbox_shards SET last_position = 40 WHERE shard = 7');
  for (const [index, weeks] of [8, 6, 4, 2].entries()) {
    await db.query(`DO $$ DECLARE day date := date_trunc('week', now() AT TIME ZONE 'UTC')::date
        - ${7 * (weeks + 1)};
      BEGIN
        EXECUTE format('CREATE TABLE %I PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
          'event_log_' || to_char(day, 'YYYYMMDD'), day || ' 00:00+00', (day + 7) || ' 00:00+00');
        INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type, event,
          created_at, appended_at)
        SELECT 7, ${index * 10} + n, 'default', gen_random_uuid(), 1, 'x', '{}', now(),
          day + interval '1 day' FROM generate_series(1, 10) n;
      END $$`);
  }
});

async function logged(): Promise<number> {
  return (await db.query('SELECT FROM event_log')).length;
}

const drop = (keepDays: number): Promise<number> =>
  dropEventLogPartitions(parts.relay.database, 1, keepDays);

test('weeks that ended before the days kept are dropped, and no others', async () => {
  assert.deepEqual([await drop(365), await logged()], [0, 40]);
  assert.deepEqual([await drop(35), await logged()], [2, 20]);
  assert.deepEqual([await drop(35), await logged()], [0, 20]);
  assert.deepEqual([await drop(9), await logged()], [2, 0]);
});

test('a week that a consumer has not read to the end stays, and those after it', async () => {
  await db.query(`INSERT INTO consumer_cursors VALUES ('slow', 7, 19), ('fast', 7, 40)`);
  assert.deepEqual([await drop(9), await logged()], [1, 30]);
  await db.query(`UPDATE consumer_cursors SET position = 20`);
  assert.deepEqual([await drop(9), await logged()], [1, 20]);
});

test('a consumer that comes later begins at what the log still has', async () => {
  await drop(35);
  await makeConsumerCursors(parts.relay.database, 1, 'new');
  const position = 'SELECT position FROM consumer_cursors WHERE shard = 7 AND consumer = $1';
  assert.deepEqual(await db.query(position, ['new']), [{ position: 20 }]);
  await db.query('UPDATE consumer_cursors SET position = 40');
  await drop(9);
  await makeConsumerCursors(parts.relay.database, 1, 'newer');
  assert.deepEqual(await db.query(position, ['newer']), [{ position: 40 }]);
});

test('a long reader of the log is not waited for, and nobody queues behind', async () => {
  const reader = new pg.Client({ connectionString: db.url });
  await reader.connect();
  await reader.query('BEGIN');
  await reader.query('SELECT FROM event_log LIMIT 1');
  assert.deepEqual([await drop(9), await logged()], [0, 40]);
  await reader.query('COMMIT');
  await reader.end();
  assert.deepEqual([await drop(9), await logged()], [4, 0]);
});

test('old events that no week was made for go too, once they are read', async () => {
  await db.query(`INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type,
      event, created_at, appended_at)
    SELECT 7, 40 + n, 'default', gen_random_uuid(), 1, 'x', '{}', now(), now() - interval '1 year'
    FROM generate_series(1, 4) n`);
  await db.query(`INSERT INTO consumer_cursors VALUES ('slow', 7, 42)`);
  await drop(35);
  assert.equal((await db.query('SELECT FROM event_log_default')).length, 2);
});

test('a week whose first events came too early keeps no other week from being made', async () => {
  const weeks = `SELECT inhrelid::regclass::text AS name FROM pg_inherits
    WHERE inhparent = 'event_log'::regclass ORDER BY 1 DESC`;
  const [, last] = await db.query<{ name: string }>(weeks);
  await db.query(`DROP TABLE ${last?.name}`);
  const first = await db.query<{ name: string }>(weeks);
  await db.query(`INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type,
      event, created_at, appended_at)
    SELECT 7, 99, 'default', gen_random_uuid(), 1, 'x', '{}', now(), now() + interval '28 days'`);
  await makeEventLogPartitions(parts.relay.database, 6);
  const second = await db.query<{ name: string }>(weeks);
  assert.equal(second.length, first.length + 2);
});
