import assert from 'node:assert/strict';
import { test } from 'node:test';
import { booking, contractSuite, freshHour, keyed } from '../support/contract-service.ts';

const contract = contractSuite(2);
const { send } = contract;

const never = { resource_id: '', start_time: '', end_time: '' };

interface Place {
  resource_id: string;
  start_time: string;
  end_time: string;
}

test(
  '`Prefer: wait=N` holds the answer until the command is decided: create 201 with ' +
    '`SCHEDULED` or further',
  async () => {
    const made = await send('POST /v1/appointments', { body: booking(), wait: 20 });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.ok(['SCHEDULED', 'CONFIRMED'].includes(String(made.body['state'])));
    assert.equal(made.headers.get('location'), `/v1/appointments/${String(made.body['id'])}`);
  },
);

test(
  'or 409 `slot-unavailable` (the appointment is `FAILED`) with `reason`, `conflicts[]`, ' +
    'up to 3 `alternatives[]`',
  async () => {
    const taken = await contract.confirmed({ resource_id: 'r0' });
    const body = booking({ slot: taken['slot'], resource_id: 'r0' });
    const refused = await send('POST /v1/appointments', { body, wait: 20 });
    assert.deepEqual([refused.status, refused.body['code']], [409, 'slot-unavailable']);
    assert.equal(refused.body['reason'], 'no-room');
    const conflicts = refused.body['conflicts'] as Place[];
    assert.deepEqual(conflicts, [{ resource_id: 'r0', ...(taken['slot'] as object) }]);
    const alternatives = refused.body['alternatives'] as Place[];
    assert.ok(alternatives.length > 0 && alternatives.length <= 3, JSON.stringify(alternatives));
    assert.equal(await contract.stateOf(refused.body['appointment_id']), 'FAILED');
    const [{ resource_id, ...slot } = never] = alternatives;
    const next = await send('POST /v1/appointments', {
      ...{ body: booking({ slot, resource_id }), wait: 20 },
    });
    assert.equal(next.status, 201, JSON.stringify(next.body));
  },
);

test(
  'other commands 200 when applied, 409 when refused (the appointment is ' + 'as it was)',
  async () => {
    const taken = await contract.confirmed({ resource_id: 'r1' });
    const appointment = await contract.confirmed({ resource_id: 'r1' });
    const path = `/v1/appointments/${String(appointment['id'])}`;
    const refused = await send(`PATCH ${path}`, {
      ...{ body: keyed({ slot: taken['slot'], metadata: { a: 1 } }), wait: 20 },
    });
    assert.deepEqual([refused.status, refused.body['code']], [409, 'slot-unavailable']);
    assert.ok((refused.body['conflicts'] as Place[]).length > 0);
    const [alternative] = refused.body['alternatives'] as Place[];
    assert.ok(alternative, 'a refused reschedule proposes other times');
    assert.deepEqual((await send(`GET ${path}`)).body, appointment);

    const { start_time, end_time } = alternative;
    const applied = await send(`PATCH ${path}`, {
      ...{ body: keyed({ slot: { start_time, end_time } }), wait: 20 },
    });
    assert.equal(applied.status, 200, JSON.stringify(applied.body));
    assert.deepEqual(applied.body['slot'], { start_time, end_time });
  },
);

test('a wait of no time is answered at once, by whatever is known then', async () => {
  const answer = await send('POST /v1/appointments', { body: booking(), wait: 0 });
  assert.equal(answer.status, answer.body['state'] === 'INIT' ? 202 : 201, answer.text);
  assert.equal(answer.headers.get('preference-applied'), 'wait=0');
});

test(
  'The 409 carries `Location`, `Command-Id` and `appointment_id`; a replay carries the ' +
    "original's `Command-Id`. `Preference-Applied` is set",
  async () => {
    const taken = await contract.confirmed({ resource_id: 'r0' });
    for (const [call, body] of [
      ['POST /v1/appointments', booking({ slot: taken['slot'], resource_id: 'r0' })],
      [
        `PATCH /v1/appointments/${String((await contract.confirmed({ resource_id: 'r0' }))['id'])}`,
        keyed({ slot: taken['slot'] }),
      ],
    ] as const) {
      const refused = await send(call, { body, wait: 20 });
      assert.equal(refused.status, 409, JSON.stringify(refused.body));
      const id = String(refused.body['appointment_id']);
      assert.equal(refused.headers.get('location'), `/v1/appointments/${id}`);
      assert.equal(refused.headers.get('preference-applied'), 'wait=20');
      const command = await send(`GET /v1/commands/${String(refused.headers.get('command-id'))}`);
      assert.deepEqual([command.body['state'], command.body['appointment_id']], ['refused', id]);
      const again = await send(call, { body });
      assert.equal(again.headers.get('command-id'), refused.headers.get('command-id'));
    }
  },
);

test('N clamped to 0–30; malformed: ignored', async () => {
  const clamped = await send('POST /v1/appointments', {
    ...{ body: booking(), headers: { prefer: 'wait=999' } },
  });
  assert.deepEqual([clamped.status, clamped.headers.get('preference-applied')], [201, 'wait=30']);
  for (const prefer of ['wait=-1', 'wait=soon', 'wait', 'respond-async']) {
    const ignored = await send('POST /v1/appointments', { body: booking(), headers: { prefer } });
    assert.deepEqual([ignored.status, ignored.headers.get('preference-applied')], [202, null]);
  }
});

test(
  '`GET /v1/commands/{id}` tells operation, appointment, state and when ' + 'it was decided',
  async () => {
    const appointment = await contract.confirmed();
    const id = String(appointment['id']);
    const operations: [string, string, object][] = [
      ['update', `PATCH /v1/appointments/${id}`, { slot: freshHour() }],
      ['cancel', `POST /v1/appointments/${id}/cancel`, {}],
    ];
    for (const [operation, call, body] of operations) {
      const answer = await send(call, { body: keyed(body), wait: 20 });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const command = await send(`GET /v1/commands/${String(answer.headers.get('command-id'))}`);
      const { created_at, decided_at, ...rest } = command.body;
      assert.deepEqual(rest, {
        id: answer.headers.get('command-id'),
        ...{ operation, appointment_id: id, state: 'applied', problem: null },
      });
      assert.ok(String(created_at) <= String(decided_at));
    }
  },
);
