import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { booking, freshHour, keyed } from '../../support/contract-service.ts';
import { customers, type Caller } from './callers.ts';
import { openScene, type Scene } from './scene.ts';
import type { Sent } from './wire.ts';

type Json = Record<string, unknown>;
type Place = { resource_id: string; start_time: string; end_time: string };

let opened: Scene | undefined;
before(async () => (opened = await openScene()));
after(() => opened?.close());

async function send(caller: Caller, sent: Sent): Promise<{ status: number; body: Json }> {
  assert.ok(opened);
  const headers = { prefer: 'wait=20', ...sent.headers };
  const credentials = opened.credentials[caller][0] ?? null;
  const { status, body } = await opened.wire.send({ ...sent, headers }, credentials);
  return { status, body: JSON.parse(String(body)) as Json };
}

/** Books for the customer `owner`; answers the path of the appointment. */
async function booked(changes: Json): Promise<string> {
  const body = booking({ customer_id: customers.owner, ...changes });
  const made = await send('desk', { call: 'POST /v1/appointments', body });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return `/v1/appointments/${String(made.body['id'])}`;
}

const places = (body: Json, member: 'conflicts' | 'alternatives'): string[] =>
  (body[member] as Place[]).map(({ resource_id: id }) => id);

/** An appointment that either resource could have, the provider who has it, and the one who not. */
async function heldByEither(): Promise<{ path: string; on: string; had: Caller; not: Caller }> {
  const path = await booked({});
  const { body } = await send('desk', { call: `GET ${path}` });
  const on = String(body['resource_id']);
  return on === 'r0'
    ? { path, on, had: 'doer', not: 'doer2' }
    : { path, on, had: 'doer2', not: 'doer' };
}

test('a provider reschedules on its own resource, or not at all', async () => {
  const { path, on, had } = await heldByEither();
  const busy = freshHour();
  await booked({ slot: busy, resource_id: on });
  const call = `PATCH ${path}`;
  const refused = await send(had, { call, body: keyed({ slot: busy }) });
  assert.deepEqual([refused.status, refused.body['code']], [409, 'slot-unavailable']);
  assert.deepEqual(places(refused.body, 'conflicts'), [on]);
  assert.deepEqual(new Set(places(refused.body, 'alternatives')), new Set([on]));
  const elsewhere = await send(had, { call, body: keyed({ location: 'ours' }) });
  assert.deepEqual([elsewhere.status, elsewhere.body['code']], [409, 'slot-unavailable']);
  const moved = await send(had, { call, body: keyed({ slot: freshHour() }) });
  assert.deepEqual([moved.status, moved.body['resource_id']], [200, on]);
});

test('a customer is refused without a word of who is in the way', async () => {
  const [slot, taken] = [freshHour(), freshHour()];
  await booked({ slot: taken, resource_id: 'r0' });
  const body = booking({ customer_id: customers.other, slot: taken, resource_id: 'r0' });
  const staff = await send('desk', { call: 'POST /v1/appointments', body });
  assert.deepEqual([staff.status, places(staff.body, 'conflicts')], [409, ['r0']]);
  const told = await send('other', { call: 'POST /v1/appointments', body });
  assert.deepEqual([told.status, told.body['code']], [409, 'slot-unavailable']);
  assert.deepEqual(told.body, {
    ...staff.body,
    ...{ conflicts: [], instance: told.body['instance'] },
  });
  assert.ok(places(told.body, 'alternatives').length > 0);
  const path = await booked({ slot, resource_id: 'r0' });
  const update = { call: `PATCH ${path}`, body: keyed({ slot: taken }) };
  const { status, body: refusal } = await send('owner', update);
  assert.deepEqual([status, refusal['conflicts']], [409, []]);
});

test('what a dispatcher moves to another resource changes hands at once', async () => {
  const { path, on, had, not } = await heldByEither();
  const busy = freshHour();
  await booked({ slot: busy, resource_id: on });
  const seenBy = async (caller: Caller): Promise<number> =>
    (await send(caller, { call: `GET ${path}` })).status;
  assert.deepEqual([await seenBy(had), await seenBy(not)], [200, 404]);
  const moved = await send('desk', { call: `PATCH ${path}`, body: keyed({ slot: busy }) });
  assert.equal(moved.status, 200, JSON.stringify(moved.body));
  assert.notEqual(moved.body['resource_id'], on);
  assert.deepEqual([await seenBy(had), await seenBy(not)], [404, 200]);
});
