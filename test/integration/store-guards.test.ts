import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { decideBatch } from '../../src/engine/decide-batch.ts';
import { sqlState } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { findPendingCommands } from '../../src/store/read/pending-commands.ts';
import { commitDecisions, type DecideBatch } from '../../src/store/write/decide.ts';
import {
  finishNotification,
  markNotificationSending,
  type NotificationInHand,
} from '../../src/store/write/notifications.ts';
import { acquireFreeRegions } from '../../src/store/write/region-lease.ts';
import { claimTasks } from '../../src/store/write/tasks.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import * as make from '../support/decisions.ts';
import { allDecided, assertWhole } from '../support/engine-invariants.ts';
import {
  accepting,
  creates,
  openResource,
  runEngine,
  type Accepting,
} from '../support/engine-parts.ts';
import { at, regionOf } from '../support/placement-region.ts';
import { unguardHistory } from '../support/unguard-history.ts';

// What the statements refuse by themselves, whoever runs them and whatever else stands in the way.

let db: TestDatabase;
let parts: AsyncParts;
let api: Accepting;

before(async () => {
  db = await freshDatabase();
  await unguardHistory(db);
  parts = await asyncParts(db.url);
  api = accepting(db);
});
after(async () => {
  await api.close();
  await parts.close();
  await db.drop();
});
beforeEach(async () => {
  await db.query(`TRUNCATE appointments, appointment_history, commands, idempotency_keys, outbox,
    slot_holds, tasks, sagas, notifications`);
  await db.query('UPDATE regions SET owner = NULL, last_position = 0');
});

const nine = at('2030-06-03T09:00:00Z');
const hour = (n: number) => ({ start: nine + n * 7_200, end: nine + n * 7_200 + 3_600 });
const refusedAs = (state: string) => (error: unknown) => sqlState(error) === state;

/** A cancellation of a new appointment, decided and ready to be committed by the region's owner. */
async function decidedCancellation(): Promise<{ id: string; batch: DecideBatch }> {
  const { hotDatabase } = parts.worker;
  const [id = ''] = await api.create(hour(0));
  await db.query(`UPDATE commands SET state = 'applied', decided_at = now()`);
  await api.act(id, 'cancel');
  const holder = { processId: systemRandom.uuidV7(), sessionKey: null, leaseSeconds: 60 };
  const [lease] = await acquireFreeRegions(hotDatabase, holder);
  assert.ok(lease);
  const { region, token, lastPosition } = lease;
  const wanted = { tenantId: 'default', region, limit: 10 };
  const pending = await findPendingCommands(hotDatabase, wanted);
  const { transitions, commands } = decideBatch(regionOf(), pending, {
    region,
    contextOf: () => make.context({ position: lastPosition + 1 }),
  });
  assert.equal(transitions.length, 1);
  const [row] = await db.query<{ v: number }>('SELECT catalogue_version AS v FROM regions');
  const batch = {
    ...{ epoch: 1, tenantId: 'default', region, token, lastPosition },
    ...{ newPosition: lastPosition + 1, catalogueVersion: row?.v ?? NaN, otherRegions: [] },
    ...{ decidedNow: 0, sagaDeadlineSeconds: 600, transitions, commands },
  };
  return { id, batch };
}

async function historyOf(id: string): Promise<number> {
  const rows = await db.query('SELECT FROM appointment_history WHERE appointment_id = $1', [id]);
  return rows.length;
}

test('a step planned on another version or state is refused', async () => {
  const { hotDatabase } = parts.worker;
  const { id, batch } = await decidedCancellation();
  const moved = ['version = 2', `state = 'CANCELLED'`];
  for (const change of moved) {
    await db.query(`UPDATE appointments SET ${change} WHERE appointment_id = $1`, [id]);
    await assert.rejects(commitDecisions(hotDatabase, batch), refusedAs('SW003'), change);
    assert.equal(await historyOf(id), 1, 'and leaves nothing');
    await db.query(`UPDATE appointments SET version = 1, state = 'INIT'`);
  }
  await commitDecisions(hotDatabase, batch);
  assert.equal(await historyOf(id), 2);
});

test('a command that is decided already is not decided again', async () => {
  const { hotDatabase } = parts.worker;
  const { id, batch } = await decidedCancellation();
  await db.query(`UPDATE commands SET state = 'applied', decided_at = now()`);
  await assert.rejects(commitDecisions(hotDatabase, batch), refusedAs('SW003'));
  assert.equal(await historyOf(id), 1);
});

test('a decision made by another catalogue is refused', async () => {
  const { hotDatabase } = parts.worker;
  const { id, batch } = await decidedCancellation();
  await db.query('UPDATE regions SET catalogue_version = catalogue_version + 1');
  await assert.rejects(commitDecisions(hotDatabase, batch), refusedAs('SW002'));
  assert.equal(await historyOf(id), 1);
  await commitDecisions(hotDatabase, { ...batch, catalogueVersion: batch.catalogueVersion + 1 });
});

test('a hold has its buffers, whichever way it was booked', async () => {
  const main = { id: 'main', name: 'Main', timeZone: 'UTC', region: 'default', active: true };
  await api.put('put-location', { ...main, latitude: null, longitude: null });
  const buffers = { bufferBeforeSeconds: 600, bufferAfterSeconds: 900 };
  await api.put('put-resource', openResource('a', buffers));
  const engine = await runEngine(db.url);
  try {
    await allDecided(db);
    const [slow] = await api.create(hour(0));
    await allDecided(db);
    const [fast] = await creates(db, hour(1));
    assert.ok(fast);
    assert.equal(await engine.express.submit(fast), 'accepted');
    const held = await db.query(
      `SELECT h.appointment_id AS id, date_part('epoch', a.start_at - busy_start_at) AS before,
        date_part('epoch', busy_end_at - a.end_at) AS after,
        buffer_before_seconds AS kept_before, buffer_after_seconds AS kept_after
      FROM slot_holds h JOIN appointments a USING (tenant_id, appointment_id) ORDER BY a.start_at`,
    );
    const apart = { before: 600, after: 900, kept_before: 600, kept_after: 900 };
    assert.deepEqual(held, [
      { id: slow, ...apart },
      { id: fast.appointment.id, ...apart },
    ]);
    await assertWhole(db);
  } finally {
    await engine.close();
  }
});

test('a notification is marked by the owner and attempt of its task alone', async () => {
  const { database, hotDatabase } = parts.worker;
  const appointment_id = systemRandom.uuidV7();
  const key = { tenant_id: 'default', appointment_id, version: 3 };
  await db.query(
    `WITH told AS (
      INSERT INTO notifications (tenant_id, appointment_id, version, channel, recipient, template,
        state) VALUES ('default', $1, 3, 'email', 'r', 'confirmation', 'pending'))
    INSERT INTO tasks (tenant_id, lane, kind, appointment_id, actor)
    VALUES ('default', 'notification', 'email', $1, 'worker')`,
    [appointment_id],
  );
  const processId = systemRandom.uuidV7();
  const claim = { processId, sessionKey: null, leaseSeconds: 60, limit: 1 };
  const [task] = await claimTasks(hotDatabase, 1, { lane: 'notification', ...claim });
  assert.ok(task);
  const mine: NotificationInHand = {
    ...{ epoch: 1, processId, task },
    key: { ...key, channel: 'email', recipient: 'r' },
  };
  const others = [
    { ...mine, processId: systemRandom.uuidV7() },
    { ...mine, task: { ...task, attempts: task.attempts + 1 } },
  ];
  const sent = { state: 'sent', reason: null } as const;
  for (const other of others) {
    assert.equal(await markNotificationSending(database, other, '<a@b>'), undefined);
    assert.equal(await finishNotification(database, other, sent), false);
  }
  const [row] = await db.query('SELECT state, attempts FROM notifications');
  assert.deepEqual(row, { state: 'pending', attempts: 0 });
  const mark = await markNotificationSending(database, mine, '<a@b>');
  assert.deepEqual(mark, { message_id: '<a@b>', ambiguous_sends: 0 });
  assert.equal(await finishNotification(database, mine, sent), true);
});
