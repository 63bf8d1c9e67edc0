import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { systemRandom } from '../../src/io/random.ts';
import { run } from '../support/command.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;

before(async () => (db = await freshDatabase()));
after(() => db.drop());
beforeEach(() => db.query('TRUNCATE dead_letters, tasks, held_events, inbox, outbox_parked'));

const appointment = systemRandom.uuidV7();

function letters(...args: string[]) {
  return run(['deadletters', ...args], { DATABASE_URL: db.url });
}

async function bury(lane: string, count = 1, tenant = 'default'): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `INSERT INTO dead_letters (tenant_id, task_id, lane, kind, ordering_key, appointment_id,
      payload, attempts, reason, actor, request_id, traceparent, created_at)
    SELECT $3, nextval('tasks_task_id_seq'), $1, 'email', 'key', $4, '{"version": 2}', 12,
      'attempts exhausted', 'key:x', 'request-1', '00-1-2-01', now() FROM generate_series(1, $2)
    RETURNING task_id::text AS id`,
    [lane, count, tenant, appointment],
  );
  return rows.map(({ id }) => id);
}

async function park(tenant = 'default'): Promise<string> {
  const id = systemRandom.uuidV7();
  const values = [tenant, id, 'larger than the bus takes'];
  await db.query(`INSERT INTO outbox_parked VALUES ($1, $2, 0, $3)`, values);
  return id;
}

async function left(table: string): Promise<number> {
  return (await db.query(`SELECT FROM ${table}`)).length;
}

test('each is listed with what it is and why it is there', async () => {
  const [task = ''] = await bury('notification');
  const parked = await park();
  const { status, out } = await letters('list', '--json');
  assert.equal(status, 0);
  const { items } = JSON.parse(out) as { items: Record<string, unknown>[] };
  const [first, second] = items.map(({ died_at, ...item }) => {
    assert.match(String(died_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    return item;
  });
  assert.deepEqual(first, {
    ...{ id: task, kind: 'task', tenant: 'default', appointment_id: appointment },
    ...{ lane: 'notification', name: 'email', version: 2, attempts: 12 },
    reason: 'attempts exhausted',
  });
  assert.deepEqual(second, {
    ...{ id: parked, kind: 'parked', tenant: 'default', appointment_id: parked },
    ...{ lane: null, name: null, version: null, attempts: null },
    reason: 'larger than the bus takes',
  });
  const shown = await letters('list');
  assert.match(shown.out, /^id +kind +tenant +of +appointment +attempts +died +reason$/m);
  assert.match(shown.out, new RegExp(`^${task} +task +default +notification email`, 'm'));
  assert.equal((await letters('list', '--limit', '1')).out.split('\n').length, 2);
});

test('a redriven task is a fresh one, for the same reason and in the same name', async () => {
  const [id = ''] = await bury('notification');
  const { status, out } = await letters('redrive', id);
  assert.deepEqual([status, out], [0, 'redriven 1']);
  assert.equal(await left('dead_letters'), 0);
  const [task] = await db.query(
    `SELECT lane, kind, ordering_key, appointment_id, payload, attempts,
    actor, request_id, traceparent, run_at <= now() AS due, deadline_at, lease_owner,
    task_id::text <> $1 AS renumbered FROM tasks`,
    [id],
  );
  assert.deepEqual(task, {
    ...{ lane: 'notification', kind: 'email', ordering_key: 'key', appointment_id: appointment },
    ...{ payload: { version: 2 }, attempts: 0, actor: 'key:x', request_id: 'request-1' },
    ...{ traceparent: '00-1-2-01', due: true, deadline_at: null, lease_owner: null },
    renumbered: true,
  });
});

test('a second redrive finds nothing, says so and fails', async () => {
  const ids = await bury('notification', 2);
  await letters('redrive', ids[0] ?? '');
  const again = await letters('redrive', ...ids, '--json');
  assert.equal(again.status, 1);
  assert.deepEqual(JSON.parse(again.out), { redriven: [ids[1]], not_changed: [ids[0]] });
  assert.match(again.err, new RegExp(`not there, or not to be redriven: ${ids[0]}`));
  assert.equal(await left('tasks'), 2);
});

test('options select, and all of a selection is more than one page', async () => {
  await bury('notification', 1_203);
  await bury('webhook', 2);
  await bury('notification', 3, 'other');
  await park('other');
  const all = ['redrive', '--all', '--json'];
  const redriven = async (...options: string[]): Promise<number> => {
    const { out } = await letters(...all, ...options);
    return (JSON.parse(out) as { redriven: string[] }).redriven.length;
  };
  assert.equal(await redriven('--lane', 'webhook'), 2);
  assert.equal(await redriven('--tenant', 'other', '--kind', 'parked'), 1);
  assert.equal(await redriven('--tenant', 'other'), 3);
  assert.equal(await redriven('--appointment', systemRandom.uuidV7()), 0);
  assert.equal(await redriven('--kind', 'event'), 0);
  assert.equal(await redriven('--appointment', appointment.toUpperCase()), 1_203);
  assert.equal(await left('tasks'), 1_208);
});

test('what is discarded is gone, but a saga and a parked appointment stay', async () => {
  await bury('notification', 2);
  const [saga = ''] = await bury('saga');
  const parked = await park();
  const { status, out } = await letters('discard', '--all');
  assert.deepEqual([status, out], [0, 'discarded 2']);
  const named = await letters('discard', saga, parked);
  assert.equal(named.status, 1);
  assert.match(named.err, new RegExp(`not to be discarded: ${saga}, ${parked}`));
  assert.deepEqual([await left('dead_letters'), await left('outbox_parked')], [1, 1]);
  assert.deepEqual([await left('tasks'), await left('inbox')], [0, 0]);
});

test('an event that is discarded counts as taken by its consumer', async () => {
  const [id = ''] = await bury('event');
  await db.query(
    `INSERT INTO held_events (consumer, tenant_id, appointment_id, version, type, event,
    parked) SELECT 'email', 'default', $1, n, 'x', '{}', n = 2 FROM generate_series(2, 3) n`,
    [appointment],
  );
  assert.equal((await letters('discard', id)).status, 0);
  assert.deepEqual(await db.query('SELECT version FROM held_events'), [{ version: 3 }]);
  const inbox = await db.query('SELECT consumer, version FROM inbox');
  assert.deepEqual(inbox, [{ consumer: 'email', version: 2 }]);
});

test('neither is done while writes are closed', async () => {
  const [id = ''] = await bury('notification');
  await db.query(`SELECT change_write_epoch('read-only', 'test')`);
  const { status, err } = await letters('redrive', id);
  await db.query(`SELECT change_write_epoch('read-write', 'test')`);
  assert.equal(status, 1);
  assert.match(err, /closed for writing/);
  assert.equal(await left('dead_letters'), 1);
});

test('wrong usage is said and nothing is done', async () => {
  const [id = ''] = await bury('notification');
  const wrong = [
    ['redrive'],
    ['redrive', '--all', id],
    ['redrive', 'x'],
    ['discard', '--all', '--kind', 'saga'],
    ['list', '--appointment', '1'],
    ['list', '--limit', '0'],
  ];
  for (const args of wrong) assert.equal((await letters(...args)).status, 2, args.join(' '));
  assert.equal(await left('dead_letters'), 1);
});
