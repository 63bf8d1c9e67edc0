import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createBody, putCatalogue } from '../support/load.ts';
import { startMailServer, type MailServer } from '../support/maildev.ts';
import { startService, type Service } from '../support/service.ts';

let database: TestDatabase;
let mail: MailServer;
let service: Service;
let client: Client;
const ledger = new Ledger();

// In reverse of the way they came; a set-up that fails half-way still takes back its half.
const ends: (() => unknown)[] = [];

before(async () => {
  database = await freshDatabase();
  ends.push(() => database.drop());
  mail = await startMailServer();
  ends.push(() => mail.stop());
  service = await startService({ databaseUrl: database.url, env: { SMTP_URL: mail.url } });
  ends.push(() => service.close());
  client = new Client({ url: service.url, key: service.key, ledger });
  ends.push(() => client.close());
  await putCatalogue(client, { resources: 2 });
});

after(async () => {
  for (const end of ends.reverse()) await end();
});

const stateOf = async (id: string): Promise<unknown> =>
  (await client.appointment(id)).body['state'];

test('a post becomes an appointment, a confirmation by mail, and events in the log', async () => {
  const body = createBody({ hour: 10 });
  const email = `${body.customer_id}@example.com`;
  await client.put(`/v1/customers/${body.customer_id}`, { name: 'Ada', email });

  const posted = await client.create(body);
  assert.equal(posted.status, 202, JSON.stringify(posted));
  assert.equal(posted.body['state'], 'INIT');
  assert.equal(posted.headers['etag'], '"1"');
  const id = String(posted.body['id']);
  assert.equal(posted.headers['location'], `/v1/appointments/${id}`);

  await eventually(async () => (await stateOf(id)) === 'CONFIRMED');
  const command = await client.command(String(posted.headers['command-id']));
  assert.equal(command.body['state'], 'applied');
  assert.equal(command.body['appointment_id'], id);

  const received = await eventually(async () =>
    (await mail.mails()).find(({ to }) => to.includes(email)),
  );
  assert.ok(received.text.includes(id), received.text);
  ledger.mails.push({ appointmentId: id, version: 3, recipient: email });

  await eventually(async () => {
    const rows = await database.query<{ type: string }>(
      'SELECT type FROM event_log WHERE appointment_id = $1 ORDER BY position',
      [id],
    );
    assert.deepEqual(
      rows.map(({ type }) => type),
      ['accepted', 'scheduled', 'confirmed'].map((name) => `appointment.${name}.v1`),
    );
    return true;
  });
});

test('who prefers to wait is answered by the decision', async () => {
  const body = createBody({ hour: 20, resource: 0 });
  const taken = await client.create(body, { wait: 10 });
  assert.equal(taken.status, 201, JSON.stringify(taken));
  assert.ok(['SCHEDULED', 'CONFIRMED'].includes(String(taken.body['state'])));
  assert.equal(taken.headers['preference-applied'], 'wait=10');

  const refused = await client.create(createBody({ hour: 20, resource: 0 }), { wait: 10 });
  assert.equal(refused.status, 409, JSON.stringify(refused));
  assert.equal(refused.body['code'], 'slot-unavailable');
  assert.equal(refused.body['reason'], 'no-room');
  assert.equal(await stateOf(String(refused.body['appointment_id'])), 'FAILED');
});

test('a used key answers with the same appointment, and with 422 to other content', async () => {
  const body = createBody({ hour: 30 });
  const first = await client.create(body, { wait: 10 });
  const again = await client.create(body);
  assert.equal(again.status, 200, JSON.stringify(again));
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(again.headers['command-id'], first.headers['command-id']);
  assert.equal(again.body['id'], first.body['id']);

  const other = await client.create({ ...body, customer_id: randomUUID() });
  assert.equal(other.status, 422);
  assert.equal(other.body['code'], 'idempotency-key-reused');
});

test('a cancelled appointment gives its slot back', async () => {
  const booked = await client.create(createBody({ hour: 40, resource: 1 }), { wait: 10 });
  const id = String(booked.body['id']);
  const cancelled = await client.cancel(id, randomUUID(), { wait: 10 });
  assert.equal(cancelled.status, 200, JSON.stringify(cancelled));
  assert.equal(cancelled.body['state'], 'CANCELLED');
  const next = await client.create(createBody({ hour: 40, resource: 1 }), { wait: 10 });
  assert.equal(next.status, 201, JSON.stringify(next));
});

test('afterwards every guarantee holds', async () => {
  await awaitQuiet(database.url);
  const violations = await checkAll({ databaseUrl: database.url, ledger });
  assert.ok(violations.length === 0, describeViolations(violations));
});
