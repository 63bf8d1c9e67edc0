import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createRelay, type Relay } from '../../src/relay/index.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
import { plantHistory } from '../support/audited-history.ts';
import { run } from '../support/command.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { unguardHistory } from '../support/unguard-history.ts';

let db: TestDatabase;
before(async () => {
  db = await freshDatabase();
  await unguardHistory(db);
});
after(() => db.drop());
beforeEach(async () => {
  await db.query(`TRUNCATE appointments, appointment_history, event_log, audit_links;
    UPDATE outbox_shards SET last_position = 0;
    UPDATE consumer_cursors SET position = 0`);
});

/** Relays that do nothing but link: the log is there already. */
async function linking(failpoints: readonly string[], work: () => Promise<void>): Promise<void> {
  const parts: AsyncParts[] = [];
  const relays: Relay[] = [];
  try {
    for (const specification of failpoints) {
      const own = await asyncParts(db.url, specification);
      parts.push(own);
      const config = { ...own.relay.config, auditPauseMs: 5, auditPerShard: 3 };
      relays.push(createRelay({ ...own.relay, config }));
    }
    await Promise.all(relays.map((relay) => relay.start()));
    await work();
  } finally {
    await Promise.all(relays.map((relay) => relay.stop()));
    await Promise.all(parts.map((own) => own.close()));
  }
}

async function linkedOnce(versions: number): Promise<void> {
  const linked = `SELECT count(*)::int AS entries,
      count(DISTINCT (id, version))::int AS versions
    FROM audit_links CROSS JOIN unnest(ids, versions) AS e (id, version)`;
  await eventually(async () => {
    const [row] = await db.query<{ entries: number }>(linked);
    return row !== undefined && row.entries >= versions;
  });
  assert.deepEqual(await db.query(linked), [{ entries: versions, versions }]);
  const { status, out } = await run(['audit', 'verify'], { DATABASE_URL: db.url });
  assert.equal(status, 0, out);
}

for (const point of ['before-commit', 'after-commit']) {
  test(`a turn that fails ${point.replace('-', ' ')} is made up for, and links nothing twice`, async () => {
    for (let n = 0; n < 10; n += 1) await plantHistory(db);
    await linking([`relay.audit-${point}=error@2`], () => linkedOnce(30));
  });
}

test('two relays link everything once, while more comes', async () => {
  await linking(['', ''], async () => {
    for (let n = 0; n < 40; n += 1) await plantHistory(db);
    await linkedOnce(120);
  });
});

test('a week of the event log that is not linked is not dropped', async () => {
  await plantHistory(db);
  await db.query(`CREATE TABLE event_log_20200106 PARTITION OF event_log
      FOR VALUES FROM ('2020-01-06 00:00+00') TO ('2020-01-13 00:00+00');
    UPDATE event_log SET appended_at = '2020-01-07 00:00+00'`);
  const drop = 'SELECT drop_event_log_partitions(35) AS dropped';
  assert.deepEqual(await db.query(drop), [{ dropped: 0 }]);
  await linking([''], () => linkedOnce(3));
  assert.deepEqual(await db.query(drop), [{ dropped: 1 }]);
  // What was linked needs the log no more.
  assert.equal((await run(['audit', 'verify'], { DATABASE_URL: db.url })).status, 0);
});
