import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { run } from '../support/command.ts';
import { contractSuite, hourAt, keyed, person } from '../support/contract-service.ts';
import { textsHolding } from '../support/texts-holding.ts';

const service = contractSuite();
const name = 'N4me-Nobody-Else-Has';

interface Entry {
  tenant_id: string;
  actor: string;
  action: string;
  subject: string;
  request_id: string | null;
}

/** The entries that `change` makes, and with what request id it was sent. */
async function entriesOf(change: (requestId: string) => Promise<unknown>): Promise<Entry[]> {
  const known = await service.database.query<{ entry_id: string }>(
    'SELECT entry_id FROM audit_entries',
  );
  await change(randomUUID());
  return service.database.query<Entry>(
    `SELECT tenant_id, actor, action, subject, request_id FROM audit_entries
    WHERE entry_id <> ALL ($1) ORDER BY action`,
    [known.map(({ entry_id }) => entry_id)],
  );
}

const admin = async (): Promise<string> => service.addKey({ scopes: ['admin'] });

async function sent(call: string, options: { body?: unknown; key?: string }, status: number) {
  const requestId = randomUUID();
  const headers = { 'x-request-id': requestId };
  const entries = await entriesOf(async () => {
    const answer = await service.send(call, { ...options, headers });
    assert.equal(answer.status, status, answer.text);
  });
  for (const { actor, request_id } of entries) {
    assert.match(actor, /^key:/);
    assert.equal(request_id, requestId);
  }
  return entries.map(({ tenant_id, action, subject }) => [tenant_id, action, subject]);
}

test('tenants and keys: one entry for each change, none for what changes nothing', async () => {
  const key = await admin();
  const put = 'PUT /v1/admin/tenants/audited';
  const one = [['audited', 'put-tenant', 'audited']];
  assert.deepEqual(await sent(put, { body: { name }, key }, 201), one);
  assert.deepEqual(await sent(put, { body: { name }, key }, 200), one);
  assert.deepEqual(await sent(put, { body: { name: 7 }, key }, 422), []);

  const body = keyed({ tenant: 'audited', scopes: ['events:read'] });
  const made = await sent('POST /v1/admin/keys', { body, key }, 201);
  const id = String(made[0]?.[2]);
  assert.deepEqual(made, [['audited', 'create-api-key', id]]);
  assert.deepEqual(await sent('POST /v1/admin/keys', { body, key }, 200), []);
  const revoke = `DELETE /v1/admin/keys/${id}`;
  assert.deepEqual(await sent(revoke, { key }, 204), [['audited', 'revoke-api-key', id]]);
  assert.deepEqual(await sent(revoke, { key }, 204), []);
});

test('the catalogue: one entry for each change that was applied', async () => {
  await service.put('/v1/locations/here', { name: 'Here', time_zone: 'UTC' });
  const id = 'audited-one';
  const body = person({ name });
  const put = `PUT /v1/resources/${id}`;
  assert.deepEqual(await sent(put, { body }, 201), [['default', 'put-resource', id]]);
  const wrong = { ...body, locations: ['nowhere'] };
  assert.deepEqual(await sent(put, { body: wrong }, 422), []);
  const absence = keyed({ ...hourAt(Date.UTC(2040, 1, 1)), reason: name });
  const path = `/v1/resources/${id}/absences`;
  const added = (await sent(`POST ${path}`, { body: absence }, 201)).flat();
  const absenceId = String(added[2]);
  assert.deepEqual(added, ['default', 'add-absence', absenceId]);
  assert.deepEqual(await sent(`DELETE ${path}/${absenceId}`, {}, 204), [
    ['default', 'remove-absence', absenceId],
  ]);
  assert.deepEqual(await sent(`DELETE /v1/resources/${id}`, {}, 204), [
    ['default', 'deactivate-resource', id],
  ]);
  const type = 'PUT /v1/service-types/audited';
  assert.deepEqual(await sent(type, { body: { name } }, 201), [
    ['default', 'put-service-type', 'audited'],
  ]);
  const place = 'PUT /v1/locations/audited';
  assert.deepEqual(await sent(place, { body: { name, time_zone: 'UTC' } }, 201), [
    ['default', 'put-location', 'audited'],
  ]);
});

test('customers: that they were put, and not as what', async () => {
  const id = randomUUID();
  const body = { name, email: `${name}@example.com` };
  assert.deepEqual(await sent(`PUT /v1/customers/${id}`, { body }, 201), [
    ['default', 'put-customer', id],
  ]);
});

async function typed(...args: string[]): Promise<{ made: string[][]; out: string }> {
  let out = '';
  const entries = await entriesOf(async () => {
    const ran = await run(args, { DATABASE_URL: service.database.url });
    assert.equal(ran.status, 0, ran.err);
    out = ran.out;
  });
  assert.ok(entries.every(({ actor }) => actor === 'cli:test'));
  return { made: entries.map(({ action, subject }) => [action, subject]), out };
}

test('the command line: keys and dead letters, with the account that ran it', async () => {
  const created = await typed('keys', 'create', '--json');
  const { id } = JSON.parse(created.out) as { id: string };
  assert.deepEqual(created.made, [['create-api-key', id]]);
  assert.deepEqual((await typed('keys', 'rotate', id)).made, [['rotate-api-key', id]]);
  assert.deepEqual((await typed('keys', 'revoke', id)).made, [['revoke-api-key', id]]);
  assert.deepEqual((await typed('keys', 'revoke', id)).made, []);
  const letters = await service.database.query<{ id: string }>(
    `INSERT INTO dead_letters (tenant_id, task_id, lane, kind, payload, attempts, reason, actor,
      created_at)
    SELECT 'default', nextval('tasks_task_id_seq'), 'maintenance', 'x', '{}', 1, $1, 'worker', now()
    FROM generate_series(1, 2) RETURNING task_id::text AS id`,
    [name],
  );
  const [one, other] = letters.map((letter) => letter.id);
  const redriven = await typed('deadletters', 'redrive', String(one));
  assert.deepEqual(redriven.made, [['redrive-dead-letter', one]]);
  const discarded = await typed('deadletters', 'discard', String(other));
  assert.deepEqual(discarded.made, [['discard-dead-letter', other]]);
});

test('no entry holds what was put', async () => {
  const places = await textsHolding(service.database, name);
  assert.ok(places.includes('customers.name'));
  assert.deepEqual(
    places.filter((place) => place.startsWith('audit')),
    [],
  );
});
