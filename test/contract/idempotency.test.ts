import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import pg from 'pg';
import { booking, contractSuite, freshHour, type HttpAnswer } from '../support/contract-service.ts';
import { eventually } from '../support/eventually.ts';

const contract = contractSuite(2);
const { send } = contract;

const isReplay = (answer: HttpAnswer): boolean =>
  answer.headers.get('idempotency-replayed') === 'true';

/** Every call with a key about an appointment, each with a body of its own. */
async function calls(): Promise<[string, Record<string, unknown>][]> {
  const started = await contract.confirmed();
  await send(`POST /v1/appointments/${String(started['id'])}/start`, {
    ...{ body: { idempotency_key: randomUUID() }, wait: 20 },
  });
  const id = async (): Promise<string> => String((await contract.confirmed())['id']);
  return [
    ['POST /v1/appointments', booking()],
    [`PATCH /v1/appointments/${await id()}`, { slot: freshHour(), metadata: { a: 1 } }],
    [`POST /v1/appointments/${await id()}/cancel`, { reason: 'ill' }],
    [`POST /v1/appointments/${await id()}/start`, {}],
    [`POST /v1/appointments/${String(started['id'])}/complete`, {}],
    [`POST /v1/appointments/${await id()}/fail`, { reason: 'no show' }],
  ];
}

test('Every POST and PATCH takes a key', async () => {
  for (const [call, content] of await calls()) {
    const body = { ...content, idempotency_key: undefined };
    const missing = await send(call, { body });
    assert.deepEqual(
      [missing.status, missing.body['code']],
      [400, 'idempotency-key-missing'],
      call,
    );
  }
  const missing = await send('POST /v1/resources/r0/absences', { body: freshHour() });
  assert.deepEqual([missing.status, missing.body['code']], [400, 'idempotency-key-missing']);
});

test(
  'Same key and content: the current state of the appointment with `Idempotency-Replayed: ' +
    'true`, 200, or 202 while its command is pending',
  async () => {
    for (const [call, content] of await calls()) {
      const body = { ...content, idempotency_key: randomUUID() };
      const first = await send(call, { body, wait: 20 });
      assert.ok([200, 201].includes(first.status), `${call} ${JSON.stringify(first.body)}`);
      assert.ok(!isReplay(first));
      const again = await send(call, { body });
      assert.equal(again.status, 200, `${call} ${JSON.stringify(again.body)}`);
      assert.ok(isReplay(again));
      assert.equal(again.headers.get('command-id'), first.headers.get('command-id'));
      const now = await send(`GET /v1/appointments/${String(first.body['id'])}`);
      assert.ok(Number(now.body['version']) >= Number(again.body['version']));
      assert.ok(Number(again.body['version']) >= Number(first.body['version']));
    }
  },
);

test('Same key, other content: 422 `idempotency-key-reused`, nothing happens', async () => {
  for (const [call, content] of await calls()) {
    const body = { ...content, idempotency_key: randomUUID() };
    const first = await send(call, { body, wait: 20 });
    const change = call.startsWith('PATCH') || call === 'POST /v1/appointments';
    const other = change ? { ...body, metadata: { other: true } } : { ...body, reason: 'other' };
    const before = await eventually(async () => {
      const read = await send(`GET /v1/appointments/${String(first.body['id'])}`);
      return read.body['state'] === 'SCHEDULED' ? undefined : read;
    });
    const refused = await send(call, { body: other, wait: 5 });
    assert.deepEqual([refused.status, refused.body['code']], [422, 'idempotency-key-reused'], call);
    const after = await send(`GET /v1/appointments/${String(first.body['id'])}`);
    assert.deepEqual(after.body, before.body);
  }
});

test(
  'in create absent, null and `{}` metadata are equal; in PATCH absent keeps, null and ' +
    '`{}` clear',
  async () => {
    const body = booking();
    const first = await send('POST /v1/appointments', { body, wait: 20 });
    for (const metadata of [null, {}]) {
      assert.ok(isReplay(await send('POST /v1/appointments', { body: { ...body, metadata } })));
    }
    const call = `PATCH /v1/appointments/${String(first.body['id'])}`;
    const patched = async (change: object): Promise<unknown> => {
      const answer = await send(call, {
        ...{ body: { idempotency_key: randomUUID(), ...change }, wait: 20 },
      });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body['metadata'];
    };
    assert.deepEqual(await patched({ metadata: { a: 1 } }), { a: 1 });
    assert.deepEqual(await patched({}), { a: 1 });
    assert.deepEqual(await patched({ metadata: { b: 2 } }), { b: 2 });
    assert.deepEqual(await patched({ metadata: null }), {});
    assert.deepEqual(await patched({ metadata: { c: 3 } }), { c: 3 });
    assert.deepEqual(await patched({ metadata: {} }), {});

    const key = randomUUID();
    await send(call, { body: { idempotency_key: key, metadata: null } });
    assert.ok(isReplay(await send(call, { body: { idempotency_key: key, metadata: {} } })));
    assert.equal((await send(call, { body: { idempotency_key: key } })).status, 422);
  },
);

test('UUIDs lower-cased', async () => {
  const body = booking({ customer_id: randomUUID().toUpperCase() });
  const first = await send('POST /v1/appointments', { body });
  assert.equal(first.body['customer_id'], String(body['customer_id']).toLowerCase());
  const lower = { ...body, customer_id: String(body['customer_id']).toLowerCase() };
  assert.ok(isReplay(await send('POST /v1/appointments', { body: lower })));
  const id = String(first.body['id']);
  const cancel = { idempotency_key: randomUUID() };
  await send(`POST /v1/appointments/${id}/cancel`, { body: cancel });
  const upper = await send(`POST /v1/appointments/${id.toUpperCase()}/cancel`, { body: cancel });
  assert.ok(isReplay(upper));
});

test(
  'An `Idempotency-Key` header (quoted or bare) may carry the key ' + 'instead of the body',
  async () => {
    const { idempotency_key: key, ...body } = booking();
    const first = await send('POST /v1/appointments', {
      ...{ body, headers: { 'idempotency-key': String(key) } },
    });
    assert.equal(first.status, 202);
    for (const header of [`"${String(key)}"`, ` ${String(key)} `]) {
      const headers = { 'idempotency-key': header };
      assert.ok(isReplay(await send('POST /v1/appointments', { body, headers })));
    }
    assert.ok(
      isReplay(await send('POST /v1/appointments', { body: { ...body, idempotency_key: key } })),
    );
    const headers = { 'idempotency-key': randomUUID() };
    const differ = await send('POST /v1/appointments', {
      ...{ body: { ...body, idempotency_key: key }, headers },
    });
    assert.deepEqual([differ.status, differ.body['code']], [400, 'idempotency-key-mismatch']);
  },
);

test('An action needs no body when the key is in the header', async () => {
  const id = String((await contract.confirmed())['id']);
  for (const action of ['start', 'complete']) {
    const headers = { 'idempotency-key': randomUUID() };
    const answer = await send(`POST /v1/appointments/${id}/${action}`, { headers, wait: 20 });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }
});

test('Scope: tenant, method and route template, key', async () => {
  const id = String((await contract.confirmed())['id']);
  const key = { idempotency_key: randomUUID() };
  const body = booking();
  for (const [call, more] of [
    ['POST /v1/appointments', body],
    [`PATCH /v1/appointments/${id}`, { metadata: { a: 1 } }],
    [`POST /v1/appointments/${id}/start`, {}],
    [`POST /v1/appointments/${id}/cancel`, {}],
    ['POST /v1/resources/r1/absences', freshHour()],
  ] as [string, object][]) {
    const answer = await send(call, { body: { ...more, ...key }, wait: 20 });
    assert.ok([200, 201].includes(answer.status), `${call} ${JSON.stringify(answer.body)}`);
    assert.ok(!isReplay(answer), call);
  }
});

test('Content = the validated request after normalisation, path id included', async () => {
  const [one, two] = [await contract.confirmed(), await contract.confirmed()];
  const body = { idempotency_key: randomUUID() };
  await send(`POST /v1/appointments/${String(one['id'])}/cancel`, { body });
  const other = await send(`POST /v1/appointments/${String(two['id'])}/cancel`, { body });
  assert.equal(other.body['code'], 'idempotency-key-reused');
  assert.equal(await contract.stateOf(two['id']), 'CONFIRMED');
});

test('Concurrent duplicates: one effect; the others get the same appointment', async () => {
  const appointment = await contract.confirmed();
  const call = `PATCH /v1/appointments/${String(appointment['id'])}`;
  const body = { idempotency_key: randomUUID(), slot: freshHour() };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => send(call, { body, wait: 20 })),
  );
  for (const answer of answers) {
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual(answer.body['slot'], body.slot);
  }
  assert.equal(new Set(answers.map(({ headers }) => headers.get('command-id'))).size, 1);
  assert.equal(answers.filter(isReplay).length, 19);
  const { body: timeline } = await send(
    `GET /v1/appointments/${String(appointment['id'])}/timeline`,
  );
  const items = timeline['items'] as { kind: string; cause?: string }[];
  assert.equal(items.filter(({ cause }) => cause === 'reschedule').length, 1);
});

test(
  'or 409 `key-in-flight` with `Retry-After` if it cannot be told in 2 s; Key, appointment and ' +
    'command are one transaction',
  async () => {
    const { id } = await contract.confirmed();
    const holder = new pg.Client({ connectionString: contract.database.url });
    await holder.connect();
    try {
      for (const [operation, call, content] of [
        ['create', 'POST /v1/appointments', booking()],
        ['update', `PATCH /v1/appointments/${String(id)}`, { metadata: { a: 1 } }],
        ['add-absence', 'POST /v1/resources/r1/absences', freshHour()],
      ] as const) {
        const body = { ...content, idempotency_key: randomUUID() };
        // Another process has the key in a transaction that does not end.
        await holder.query('BEGIN');
        await holder.query(
          `INSERT INTO idempotency_keys (tenant_id, operation, key, content_hash, subject_id,
            actor, first_used_at) VALUES ('default', $1, $2, '', $3, 'x', now())`,
          [operation, body.idempotency_key, randomUUID()],
        );
        const busy = await send(call, { body });
        assert.deepEqual([busy.status, busy.body['code']], [409, 'key-in-flight'], call);
        assert.match(busy.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
        await holder.query('ROLLBACK');
        const again = await send(call, { body, wait: 20 });
        assert.ok([200, 201].includes(again.status), again.text);
        assert.ok(!isReplay(again), 'the answer had no effect');
      }
    } finally {
      await holder.end();
    }
  },
);

test('remembered at least 24 h from first use', async () => {
  const body = booking();
  const first = await send('POST /v1/appointments', { body, wait: 20 });
  await contract.database.query(
    `UPDATE idempotency_keys SET first_used_at = now() - interval '24 hours' WHERE key = $1`,
    [body['idempotency_key']],
  );
  const again = await send('POST /v1/appointments', { body });
  assert.deepEqual([again.status, again.body['id']], [200, first.body['id']]);
});

test('An answer without an effect does not consume the key', async () => {
  const body = booking({ service_type: 'nothing-of-ours' });
  assert.equal((await send('POST /v1/appointments', { body })).status, 422);
  const good = { ...body, service_type: 'consultation' };
  const made = await send('POST /v1/appointments', { body: good, wait: 20 });
  assert.equal(made.status, 201);
  const id = String(made.body['id']);
  const headers = { 'if-match': '"99"' };
  const act = { idempotency_key: randomUUID() };
  assert.equal(
    (await send(`POST /v1/appointments/${id}/cancel`, { body: act, headers })).status,
    412,
  );
  assert.equal((await send(`POST /v1/appointments/${id}/cancel`, { body: act })).status, 202);
});

test(
  'A replay with wait answers by the outcome of that command: applied 200 with the current ' +
    'appointment, refused 409',
  async () => {
    const taken = await contract.confirmed({ resource_id: 'r0' });
    const appointment = await contract.confirmed({ resource_id: 'r0' });
    const call = `PATCH /v1/appointments/${String(appointment['id'])}`;
    const body = { idempotency_key: randomUUID(), slot: taken['slot'] };
    const first = await send(call, { body, wait: 20 });
    assert.equal(first.status, 409, JSON.stringify(first.body));
    const refused = await send(call, { body, wait: 20 });
    assert.equal(refused.status, 409);
    assert.equal(refused.headers.get('command-id'), first.headers.get('command-id'));
    assert.deepEqual(
      { ...refused.body, instance: '' },
      { ...first.body, instance: '' },
      'the same refusal',
    );
    const withoutWait = await send(call, { body });
    assert.deepEqual([withoutWait.status, isReplay(withoutWait)], [200, true]);
    assert.deepEqual(withoutWait.body['slot'], appointment['slot']);

    const apply = { idempotency_key: randomUUID(), metadata: { a: 1 } };
    assert.equal((await send(call, { body: apply, wait: 20 })).status, 200);
    await send(call, { body: { idempotency_key: randomUUID(), metadata: { b: 2 } }, wait: 20 });
    const again = await send(call, { body: apply, wait: 20 });
    assert.deepEqual([again.status, again.body['metadata']], [200, { b: 2 }]);
  },
);

test('PUT and DELETE are idempotent by definition', async () => {
  const body = { name: 'House calls' };
  const made = await send('PUT /v1/service-types/house-call', { body });
  const again = await send('PUT /v1/service-types/house-call', { body });
  assert.deepEqual([made.status, again.status], [201, 200]);
  for (let times = 0; times < 2; times += 1) {
    assert.equal((await send('DELETE /v1/service-types/house-call')).status, 204);
    const { body: stored } = await send('GET /v1/service-types/house-call');
    assert.equal(stored['active'], false);
  }
});
