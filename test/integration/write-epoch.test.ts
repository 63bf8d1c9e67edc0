import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { outboxShard } from '../../src/domain/appointment.ts';
import { sqlState } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { declaredStatements } from '../../src/store/statement.ts';
import { findLowestOutbox } from '../../src/store/read/outbox.ts';
import { insertCreates } from '../../src/store/write/accept-creates.ts';
import { confirmAppointments } from '../../src/store/write/confirm.ts';
import { makeConsumerCursors, takeAsConsumer } from '../../src/store/write/consumer.ts';
import { commitDecisions } from '../../src/store/write/decide.ts';
import { confirmOutboxRuns, holdOutboxShards } from '../../src/store/write/outbox.ts';
import { acquireFreeRegions } from '../../src/store/write/region-lease.ts';
import { claimTasks, finishTasks } from '../../src/store/write/tasks.ts';
import { asyncParts, schedule, type AsyncParts } from '../support/async-parts.ts';
import { addEvents } from '../support/bus-world.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { creates } from '../support/engine-parts.ts';
import { unguardHistory } from '../support/unguard-history.ts';

const store = new URL('../../src/store/write/', import.meta.url);
for (const name of readdirSync(store)) await import(new URL(name, store).href);

// Whoever lives goes on saying so: without leases nobody could begin when writes are opened again.
const signsOfLife = [
  ...['acquire_regions', 'renew_regions', 'release_regions', 'release_region'],
  ...['insert_process', 'process_heartbeat', 'process_internal_url'],
  ...['delete_process', 'delete_stale_processes'],
];
// They run in the transaction of a decision, which asserts the epoch.
const partsOfDecisions = [
  ...['insert_absence', 'remove_absence', 'put_service_type', 'put_location', 'put_resource'],
  ...['add_region', 'add_lanes', 'bump_catalogue', 'bump_regions', 'take_over_resource'],
  ...['bury_command', 'audit_catalogue_command'],
];
// They run in a transaction whose first statement takes locks and asserts the epoch.
const behindLocks = [
  ...['link_transitions', 'link_audit_entries'],
  ...['keep_commitments', 'erase_history_texts', 'erase_appointment_texts', 'erase_contact'],
];

let db: TestDatabase;
let parts: AsyncParts;

before(async () => {
  db = await freshDatabase();
  await unguardHistory(db);
  parts = await asyncParts(db.url);
});
after(async () => {
  await parts.close();
  await db.drop();
});
beforeEach(async () => {
  await db.query(`TRUNCATE appointments, appointment_history, commands, idempotency_keys, outbox,
    event_log, tasks, sagas, inbox, notifications, consumer_cursors`);
  await db.query(`UPDATE write_epoch SET epoch = 1, mode = 'read-write'`);
});

test('every statement that writes asserts the epoch, or says here why it need not', () => {
  const writes = /\b(INSERT INTO|DELETE FROM|UPDATE \w+ (\w+ )?SET)\b/;
  const writers = declaredStatements().filter(({ text }) => writes.test(text));
  const without = writers.filter(({ text }) => !text.includes('assert_write_epoch($1)'));
  const excused = [...signsOfLife, ...partsOfDecisions, ...behindLocks];
  assert.deepEqual(without.map(({ name }) => name).sort(), excused.sort());
});

/** What goes on while writes are closed: each is ready to be committed when they are. */
const onTheirWay: Record<string, () => Promise<() => Promise<unknown>>> = {
  'a request': async () => {
    const rows = (await creates(db, {})).map(({ row }) => row);
    return () => insertCreates(parts.worker.hotDatabase, 1, rows);
  },

  'a decision': async () => {
    const { hotDatabase } = parts.worker;
    await db.query('UPDATE regions SET owner = NULL');
    const holder = { processId: systemRandom.uuidV7(), sessionKey: null, leaseSeconds: 60 };
    const [lease] = await acquireFreeRegions(hotDatabase, holder);
    const [tenant] = await db.query<{ v: number }>('SELECT catalogue_version AS v FROM regions');
    const { token = 0, lastPosition = 0 } = lease ?? {};
    return () =>
      commitDecisions(hotDatabase, {
        ...{ epoch: 1, tenantId: 'default', region: 'default', token, lastPosition },
        ...{ newPosition: lastPosition + 1, catalogueVersion: tenant?.v ?? 0, otherRegions: [] },
        ...{ decidedNow: 0, sagaDeadlineSeconds: 600, transitions: [], commands: [] },
      });
  },

  'a confirmation': async () => {
    const id = await schedule(db);
    const { task, owner } = await claimOne();
    const row = {
      ...{ tenant_id: 'default', task_id: task.task_id, attempts: task.attempts },
      ...{ saga_id: task.saga_id ?? '', appointment_id: id, appointment_version: 2, at_s: 0 },
      ...{ event_type: 'appointment.confirmed.v1', event: '{}', shard: 0 },
      ...{ request_id: null, command_id: null, traceparent: null, attempt: 1, at_ms: 0 },
    };
    return () => confirmAppointments(parts.worker.hotDatabase, owner, [row]);
  },

  'a finished task': async () => {
    await schedule(db);
    const { task, owner } = await claimOne();
    return () => finishTasks(parts.worker.database, owner, [task]);
  },

  'a published event': async () => {
    const { hotDatabase } = parts.relay;
    const id = systemRandom.uuidV7();
    await addEvents(db, [{ id, version: 1 }]);
    await db.query('UPDATE outbox_shards SET owner = NULL');
    const processId = systemRandom.uuidV7();
    const mine = await holdOutboxShards(hotDatabase, 1, {
      ...{ processId, sessionKey: null, leaseSeconds: 0 },
    });
    const shard = outboxShard(id);
    const token = mine.find((held) => held.shard === shard)?.token ?? 0;
    const rows = await findLowestOutbox(hotDatabase, {
      shards: [shard],
      perShard: 1,
      withBytes: true,
    });
    const ids = rows.map(({ outbox_id }) => outbox_id);
    return () => confirmOutboxRuns(hotDatabase, 1, { processId, runs: [{ shard, token, ids }] });
  },

  'the effect of an event': async () => {
    const { hotDatabase } = parts.worker;
    await makeConsumerCursors(hotDatabase, 1, 'test');
    const event = {
      ...{ shard: null, tenant_id: 'default', appointment_id: systemRandom.uuidV7(), version: 1 },
      ...{ type: 'x', traceparent: null, outcome: 'take' as const, event: null, poison: null },
    };
    const taker = { epoch: 1, consumer: 'test' };
    return () => takeAsConsumer(hotDatabase, taker, { moves: [], events: [event] });
  },
};

async function claimOne() {
  const processId = systemRandom.uuidV7();
  const claim = { processId, sessionKey: null, leaseSeconds: 60, limit: 1 };
  const [task] = await claimTasks(parts.worker.hotDatabase, 1, { lane: 'saga', ...claim });
  assert.ok(task);
  return { task, owner: { epoch: 1, processId } };
}

for (const [what, prepare] of Object.entries(onTheirWay)) {
  test(`${what} that is on its way when writes are closed does not come in`, async () => {
    const commit = await prepare();
    await db.query(`SELECT change_write_epoch('read-only', 'maintenance')`);
    await assert.rejects(commit(), (error) => sqlState(error) === 'SW001');
    await db.query(`SELECT change_write_epoch('read-write', 'done')`);
    await assert.rejects(commit(), (error) => sqlState(error) === 'SW001', 'its epoch is over');
    // And in its own epoch nothing stood in its way.
    await db.query('UPDATE write_epoch SET epoch = 1');
    await commit();
  });
}
