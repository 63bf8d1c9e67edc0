import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import type { Calendar } from '../../src/io/calendar/calendar.ts';
import { noneCalendar } from '../../src/io/calendar/none-calendar.ts';
import type { Calendars } from '../../src/io/calendar/open-calendars.ts';
import { defaultCallPolicy } from '../../src/domain/call-policy.ts';
import { systemRandom } from '../../src/io/random.ts';
import { confirmAppointments } from '../../src/store/write/confirm.ts';
import {
  claimTasks,
  finishTasks,
  freeTasks,
  renewTasks,
  retryTasks,
  type TaskRow,
} from '../../src/store/write/tasks.ts';
import { createCalls } from '../../src/worker/calls/calls.ts';
import { createWorker } from '../../src/worker/index.ts';
import {
  addCalendar,
  addTenant,
  asyncParts,
  schedule,
  type AsyncParts,
} from '../support/async-parts.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { unguardHistory } from '../support/unguard-history.ts';

let db: TestDatabase;
let parts: AsyncParts;

before(async () => {
  db = await freshDatabase();
  await unguardHistory(db);
  parts = await asyncParts(db.url);
  for (const tenant of ['busy', 'quiet', 'small']) await addTenant(db, tenant);
});
after(async () => {
  await parts.close();
  await db.drop();
});
beforeEach(async () => {
  await db.query(`TRUNCATE tasks, dead_letters, sagas, saga_steps, appointments,
    appointment_history, outbox, slot_holds`);
});

function calendarsOf(calendar: Calendar): Calendars {
  return { of: () => calendar, close: () => Promise.resolve() };
}

/** A row of history that is already there makes the whole statement fail. */
async function spoil(appointmentId: string): Promise<void> {
  await db.query(
    `INSERT INTO appointment_history (tenant_id, appointment_id, version, to_state,
    cause, start_at, end_at, actor, at)
    VALUES ('default', $1, 3, 'CONFIRMED', 'test', now(), now(), 'test', now())`,
    [appointmentId],
  );
}

const nobody = { sessionKey: null, leaseSeconds: 60 };

function claim(
  processId: string,
  options: { limit?: number; sessionKey?: number | null; leaseSeconds?: number } = {},
): Promise<TaskRow[]> {
  const { limit = 100 } = options;
  const { hotDatabase } = parts.worker;
  return claimTasks(hotDatabase, 1, { lane: 'saga', processId, ...nobody, ...options, limit });
}

function owner(processId: string): { epoch: number; processId: string } {
  return { epoch: 1, processId };
}

async function addTasks(tenant: string, count: number, key: string | null = null): Promise<void> {
  await db.query(
    `INSERT INTO tasks (tenant_id, lane, kind, ordering_key, actor)
    SELECT $1, 'saga', 'create', $3::text, 'key:test' FROM generate_series(1, $2)`,
    [tenant, count, key],
  );
}

test('a claim is shared out between tenants, however much one of them has waiting', async () => {
  await addTasks('busy', 500);
  await addTasks('quiet', 40);
  await addTasks('small', 2);
  const claimed = await claim(systemRandom.uuidV7(), { limit: 30 });
  const count = (tenant: string): number => claimed.filter((t) => t.tenant_id === tenant).length;
  assert.deepEqual([count('busy'), count('quiet'), count('small')], [10, 10, 2]);
});

test('eight workers that claim at once take every task exactly once', async () => {
  await addTasks('busy', 300);
  await addTasks('quiet', 100);
  const workers = Array.from({ length: 8 }, async () => {
    const processId = systemRandom.uuidV7();
    const taken: number[] = [];
    for (;;) {
      const claimed = await claim(processId, { limit: 17 });
      if (claimed.length === 0) return taken;
      taken.push(...claimed.map((task) => task.task_id));
    }
  });
  // A claim may pass over rows that another one has locked; a last one takes what is left.
  const taken = (await Promise.all(workers)).flat();
  taken.push(...(await claim(systemRandom.uuidV7(), { limit: 400 })).map((t) => t.task_id));
  assert.equal(taken.length, 400);
  assert.equal(new Set(taken).size, 400);
});

test('tasks of one key run one at a time and in order, retries included', async () => {
  await addTasks('busy', 3, 'appointment-1');
  const me = systemRandom.uuidV7();
  const [first, ...more] = await claim(me);
  assert.ok(first);
  assert.equal(more.length, 0);
  await retryTasks(parts.worker.database, owner(me), [{ ...first, delay_ms: 3_600_000 }]);
  assert.deepEqual(await claim(me), [], 'the second waits for the retry of the first');
  await db.query('UPDATE tasks SET run_at = now()');
  const [again] = await claim(me);
  assert.equal(again?.task_id, first.task_id);
  assert.equal(again.attempts, 2);
  await finishTasks(parts.worker.database, owner(me), [again]);
  const [second] = await claim(me);
  assert.equal(second?.task_id, first.task_id + 1);
});

test('a paused owner can neither finish, retry nor confirm what another took over', async () => {
  const id = await schedule(db);
  const [paused, other] = [systemRandom.uuidV7(), systemRandom.uuidV7()];
  const [stale] = await claim(paused, { leaseSeconds: 0 });
  assert.ok(stale);
  assert.equal(await freeTasks(parts.worker.database, owner(other)), 1);
  const [taken] = await claim(other);
  assert.equal(taken?.attempts, 2);

  const { database, hotDatabase } = parts.worker;
  assert.equal((await finishTasks(database, owner(paused), [stale])).size, 0);
  assert.equal((await retryTasks(database, owner(paused), [{ ...stale, delay_ms: 0 }])).size, 0);
  assert.equal(
    (await renewTasks(database, { ...owner(paused), leaseSeconds: 9 }, [stale])).size,
    0,
  );
  const row = {
    ...{ tenant_id: 'default', task_id: stale.task_id, attempts: stale.attempts },
    ...{ saga_id: stale.saga_id ?? '', appointment_id: id, appointment_version: 2, at_s: 0 },
    ...{ event_type: 'appointment.confirmed.v1', event: '{}', shard: 0 },
    ...{ request_id: null, command_id: null, traceparent: null, attempt: 1, at_ms: 0 },
  };
  assert.deepEqual(await confirmAppointments(hotDatabase, owner(paused), [row]), []);
  const attempt1ByOther = await confirmAppointments(hotDatabase, owner(other), [row]);
  assert.deepEqual(attempt1ByOther, [], 'nor may the right owner in a former attempt');
  const [appointment] = await db.query('SELECT state, version FROM appointments');
  assert.deepEqual(appointment, { state: 'SCHEDULED', version: 2 });
  assert.equal((await db.query('SELECT FROM outbox')).length, 0);

  const now = { ...row, attempts: 2 };
  const confirmed = await confirmAppointments(hotDatabase, owner(other), [now]);
  assert.deepEqual(confirmed, [{ task_id: stale.task_id, confirmed: true }]);
});

test('a killed owner’s tasks are freed when its session ends, long before its lease', async () => {
  await addTasks('busy', 5);
  const session = new pg.Client({ connectionString: db.url });
  session.on('error', () => undefined);
  await session.connect();
  await session.query('SELECT hold_session(4711)');
  const killed = systemRandom.uuidV7();
  assert.equal((await claim(killed, { sessionKey: 4711, leaseSeconds: 3_600 })).length, 5);
  const { database } = parts.worker;
  const me = systemRandom.uuidV7();
  assert.equal(await freeTasks(database, owner(me)), 0);
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await db.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  assert.equal(await eventually(() => freeTasks(database, owner(me))), 5);
  assert.equal((await claim(me)).length, 5);
});

test('a running task keeps its lease for as long as it takes', async () => {
  await addCalendar(db, 'dr-who');
  await schedule(db, { lane: 'calendar' });
  let release = (): void => undefined;
  const hold = new Promise<void>((resolve) => (release = resolve));
  const worker = createWorker({
    ...parts.worker,
    config: { ...parts.worker.config, leaseSeconds: 0.3 },
    calls: createCalls({
      ...parts.worker,
      policyOf: () => ({ ...defaultCallPolicy, timeoutMs: 60_000 }),
    }),
    calendars: calendarsOf({
      ...noneCalendar,
      kind: 'slow',
      reserve: () => hold.then(() => ({ kind: 'reserved', reference: 'held' })),
    }),
  });
  await worker.start();
  const until = `SELECT lease_expires_at > now() + interval '1 hour' AS late, attempts,
    lease_expires_at::text AS lease FROM tasks WHERE lease_owner IS NOT NULL`;
  const leases = new Set<unknown>();
  await eventually(async () => leases.add((await db.query(until))[0]?.['lease']).size > 5);
  release();
  await eventually(async () => (await db.query('SELECT FROM tasks')).length === 0);
  await worker.stop();
  const [step] = await db.query(`SELECT attempt, external_reference FROM saga_steps
    WHERE step = 'reserve'`);
  assert.deepEqual(step, { attempt: 1, external_reference: 'held' });
});

test('a task that keeps failing becomes a dead letter with its reason', async () => {
  const id = await schedule(db);
  await spoil(id);
  const worker = createWorker(parts.worker);
  await worker.start();
  const dead = await eventually(async () => {
    const [row] = await db.query('SELECT attempts, reason, appointment_id FROM dead_letters');
    return row;
  });
  await worker.stop();
  assert.equal(dead['attempts'], 4);
  assert.match(String(dead['reason']), /^attempts exhausted: duplicate key/);
  assert.equal(dead['appointment_id'], id);
  assert.equal((await db.query('SELECT FROM tasks')).length, 0);
});

test('a worker confirms all that is scheduled once, with history, event and journal', async () => {
  await Promise.all(Array.from({ length: 300 }, () => schedule(db)));
  const worker = createWorker(parts.worker);
  await worker.start();
  await eventually(async () => (await db.query('SELECT FROM tasks')).length === 0);
  await worker.stop();
  const [counts] = await db.query(`SELECT
    (SELECT count(*) FROM appointments WHERE state = 'CONFIRMED' AND version = 3) AS confirmed,
    (SELECT count(*) FROM appointment_history WHERE version = 3 AND cause = 'confirm') AS history,
    (SELECT count(*) FROM outbox o JOIN appointments a USING (appointment_id)
      WHERE o.type = 'appointment.confirmed.v1' AND (o.event::jsonb)->>'sequence' = '3'
        AND (o.event::jsonb)->'data'->>'state' = 'CONFIRMED' AND o.version = 3) AS events,
    (SELECT count(*) FROM sagas WHERE state = 'done' AND finished_at IS NOT NULL) AS sagas,
    (SELECT count(*) FROM saga_steps WHERE outcome = 'succeeded') AS steps`);
  const expected = { confirmed: 300, history: 300, events: 300, sagas: 300, steps: 300 };
  assert.deepEqual(counts, expected);
});

test('an appointment that has moved on is left alone and its saga is superseded', async () => {
  const [gone, stays] = [await schedule(db), await schedule(db)];
  await db.query(
    `UPDATE appointments SET state = 'CANCELLED', version = 3
    WHERE appointment_id = $1`,
    [gone],
  );
  const worker = createWorker(parts.worker);
  await worker.start();
  await eventually(async () => (await db.query('SELECT FROM tasks')).length === 0);
  await worker.stop();
  const states = await db.query(
    `SELECT a.appointment_id = $1 AS gone, a.state, a.version,
    s.state AS saga FROM appointments a JOIN sagas s USING (appointment_id) ORDER BY 1`,
    [gone],
  );
  assert.deepEqual(states, [
    { gone: false, state: 'CONFIRMED', version: 3, saga: 'done' },
    { gone: true, state: 'CANCELLED', version: 3, saga: 'superseded' },
  ]);
  const events = await db.query('SELECT appointment_id FROM outbox');
  assert.deepEqual(events, [{ appointment_id: stays }]);
});

test('one bad row in a batch fails alone', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => schedule(db)));
  await spoil(ids[7] ?? '');
  const worker = createWorker(parts.worker);
  await worker.start();
  await eventually(async () => (await db.query('SELECT FROM dead_letters')).length === 1);
  await worker.stop();
  const waiting = await db.query(`SELECT appointment_id FROM appointments
    WHERE state = 'SCHEDULED'`);
  assert.deepEqual(waiting, [{ appointment_id: ids[7] }]);
});

test('closed writes stop the queue, and opening them again starts it', async () => {
  const mine = await asyncParts(db.url);
  const worker = createWorker(mine.worker);
  await worker.start();
  await db.query(`SELECT change_write_epoch('read-only', 'maintenance')`);
  await schedule(db);
  await eventually(() => worker.ready() !== undefined);
  assert.equal((await db.query('SELECT FROM tasks WHERE lease_owner IS NULL')).length, 1);
  await db.query(`SELECT change_write_epoch('read-write', 'done')`);
  await eventually(async () => (await db.query('SELECT FROM tasks')).length === 0);
  await worker.stop();
  await mine.close();
  await db.query('UPDATE write_epoch SET epoch = 1');
});

test('a worker goes on after its database connections were cut', async () => {
  const mine = await asyncParts(db.url);
  const worker = createWorker(mine.worker);
  await worker.start();
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Array.from({ length: 20 }, () => schedule(db)));
    await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name = 'tests'`);
  }
  const confirmed = `SELECT FROM appointments WHERE state = 'CONFIRMED'`;
  await eventually(async () => (await db.query(confirmed)).length === 60, 20_000);
  await worker.stop();
  await mine.close();
  assert.equal((await db.query('SELECT FROM outbox')).length, 60);
});
