import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, file } from '../support/command.ts';
import { booking, contractSuite, keyed } from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';
import { textsHolding } from '../support/texts-holding.ts';

const service = contractSuite();
const marker = 'Mark3r-Person';

function customers(...args: string[]) {
  return run(['customers', ...args], { DATABASE_URL: service.database.url });
}

async function verify(): Promise<{ waiting: number; findings: unknown[] }> {
  const environment = { DATABASE_URL: service.database.url };
  const { out } = await run(['audit', 'verify', '--json'], environment);
  return JSON.parse(out) as { waiting: number; findings: unknown[] };
}

async function allIsLinked(): Promise<void> {
  await eventually(async () => (await verify()).waiting === 0, 20_000);
}

/** Somebody who has left traces wherever one can; answers the ids of the bookings. */
async function person(id: string): Promise<{ past: string; ahead: string }> {
  await service.put(`/v1/customers/${id}`, {
    ...{ name: marker, email: `${marker}@example.com`, phone: '+49 151 0815', locale: 'de' },
  });
  const texts = { customer_id: id, metadata: { note: marker }, location: `at ${marker}'s` };
  const past = String((await service.confirmed(texts)).id);
  const ahead = String((await service.confirmed({ ...texts, location: 'here' })).id);
  const change = keyed({ metadata: { other: marker }, location: `with ${marker}` });
  await service.send(`PATCH /v1/appointments/${past}`, { body: change, wait: 10 });
  const reason = keyed({ reason: `${marker} is ill` });
  await service.send(`POST /v1/appointments/${past}/cancel`, { body: reason, wait: 10 });
  // What a calendar, a mail server or an operator may have left behind.
  await service.database.query(
    `INSERT INTO dead_letters (tenant_id, task_id, lane, kind, appointment_id, payload, attempts,
      reason, actor, created_at)
    SELECT 'default', nextval('tasks_task_id_seq'), lane, 'x', '${past}',
      '{"version": 2, "metadata": "${marker}"}', 12, '550 no ${marker} here', 'worker', now()
    FROM unnest('{notification,command,saga}'::text[]) lane;
    UPDATE notifications SET reason = '550 no ${marker} here'
    WHERE appointment_id IN ('${past}', '${ahead}')`,
  );
  return { past, ahead };
}

test('an export holds everything that is kept, and an erasure leaves none of it', async (t) => {
  const id = randomUUID();
  const { past, ahead } = await person(id);
  const before = await textsHolding(service.database, marker);
  for (const place of ['appointment_history.reason', 'appointments.metadata', 'customers.name']) {
    assert.ok(before.includes(place), `${place} is not among ${before.join(', ')}`);
  }

  const out = join(file(t, 'x', ''), '..', 'export.json');
  const exported = await customers('export', id, '--out', out);
  assert.equal(exported.status, 0, exported.err);
  const text = readFileSync(out, 'utf8');
  const written = JSON.parse(text) as {
    customer: object;
    appointments: { [k: string]: unknown }[];
  };
  assert.deepEqual(
    written.appointments.map(({ appointment_id }) => appointment_id).sort(),
    [past, ahead].sort(),
  );
  // Each place that holds any of it is a member somewhere.
  for (const place of before) {
    const [, column = ''] = place.split('.');
    assert.match(text, new RegExp(`"${column}": .*${marker}`), `${place} is not in the export`);
  }

  await allIsLinked();
  const refused = await customers('erase', id);
  assert.equal(refused.status, 1);
  assert.match(refused.err, /lie ahead or are being changed: see --cancel/);
  assert.deepEqual(await textsHolding(service.database, marker), before);

  const erased = await customers('erase', id, '--cancel', '--json');
  assert.equal(erased.status, 0, erased.err);
  assert.deepEqual(JSON.parse(erased.out), { id, appointments: 2, cancelled: 1, erased: 2 });
  assert.deepEqual(await textsHolding(service.database, marker), []);
  assert.equal(await service.stateOf(ahead), 'CANCELLED');

  // What happened stays, and stays provable.
  await allIsLinked();
  assert.deepEqual((await verify()).findings, []);
  const { body } = await service.send(`GET /v1/appointments/${past}/timeline`);
  assert.ok((body.items as unknown[]).length > 3);
  const actions = await service.database.query<{ action: string; actor: string }>(
    `SELECT action, actor FROM audit_entries WHERE subject = $1 ORDER BY at, action`,
    [id],
  );
  const by = { actor: 'cli:test' };
  assert.deepEqual(
    actions.filter(({ actor }) => actor === by.actor),
    [
      { action: 'erase-texts', ...by },
      { action: 'erase-customer', ...by },
    ],
  );
});

test('text that is erased before it is linked leaves a chain that can be verified', async () => {
  const id = randomUUID();
  const { appointment } = await cancelledWith(id, `${marker} again`);
  assert.equal((await customers('erase', id)).status, 0);
  assert.deepEqual(await textsHolding(service.database, `${marker} again`), []);
  await allIsLinked();
  assert.deepEqual((await verify()).findings, []);
  const { body } = await service.send(`GET /v1/appointments/${appointment}`);
  assert.deepEqual([body.reason, body.metadata], ['erased', {}]);
});

async function cancelledWith(id: string, text: string): Promise<{ appointment: string }> {
  const appointment = String((await service.confirmed({ customer_id: id })).id);
  const body = keyed({ reason: text });
  await service.send(`POST /v1/appointments/${appointment}/cancel`, { body, wait: 10 });
  return { appointment };
}

test('erasing twice is erasing once, and the id may book again', async () => {
  const id = randomUUID();
  const path = `/v1/customers/${id}`;
  const contact = { name: `${marker} twice`, email: 'twice@example.com' };
  await service.put(path, contact);
  for (let n = 0; n < 2; n += 1) assert.equal((await customers('erase', id)).status, 0);
  const gone = await service.send(`GET ${path}`);
  assert.deepEqual([gone.body.name, gone.body.email], [null, null]);
  assert.equal((await service.put(path, contact)).status, 200);
  const booked = await service.send('POST /v1/appointments', {
    ...{ body: booking({ customer_id: id, metadata: { note: marker } }), wait: 10 },
  });
  assert.equal(booked.status, 201);
  assert.deepEqual(booked.body.metadata, { note: marker });
  assert.equal((await customers('erase', id, '--cancel')).status, 0);
});

test('an erasure that is killed between batches goes on where it is run again', async () => {
  const id = randomUUID();
  for (let n = 0; n < 2; n += 1) await cancelledWith(id, `${marker} killed`);
  // Refuses the end: as where the process dies after the batches of texts.
  await service.database.query(
    `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.action = 'erase-customer' THEN RAISE EXCEPTION 'killed'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER die BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION die()`,
  );
  assert.equal((await customers('erase', id)).status, 1);
  await service.database.query('DROP TRIGGER die ON audit_entries; DROP FUNCTION die');
  assert.deepEqual(await textsHolding(service.database, `${marker} killed`), []);
  assert.equal((await customers('erase', id)).status, 0);
  await allIsLinked();
  assert.deepEqual((await verify()).findings, []);
});

test('somebody of whom nothing is kept, and what is no id, are told apart', async () => {
  const nobody = randomUUID();
  for (const command of ['export', 'erase']) {
    const unknown = await customers(command, nobody);
    assert.equal(unknown.status, 1);
    assert.match(unknown.err, new RegExp(`tenant "default" keeps nothing about ${nobody}`));
    assert.equal((await customers(command, 'ann')).status, 2);
  }
});

test('erasing one leaves the other of the same id in another tenant as it is', async () => {
  const id = randomUUID();
  await service.addTenant('beside');
  const key = await service.addKey({ scopes: ['catalogue:write'], tenant: 'beside' });
  const body = { name: 'Beside' };
  await service.send(`PUT /v1/customers/${id}`, { body });
  await service.send(`PUT /v1/customers/${id}`, { body, key });
  assert.equal((await customers('erase', id)).status, 0);
  const rows = await service.database.query(
    'SELECT tenant_id, name FROM customers WHERE customer_id = $1 ORDER BY tenant_id',
    [id],
  );
  assert.deepEqual(rows, [
    { tenant_id: 'beside', name: 'Beside' },
    { tenant_id: 'default', name: null },
  ]);
});
