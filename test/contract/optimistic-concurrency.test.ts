import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { booking, contractSuite, freshHour, keyed } from '../support/contract-service.ts';

const contract = contractSuite(2);
const { send } = contract;

test('`If-Match` on PATCH and actions is checked when the command is accepted (412)', async () => {
  const { id, version } = await contract.confirmed();
  const path = `/v1/appointments/${String(id)}`;
  for (const call of [`PATCH ${path}`, ...actions.map((action) => `POST ${path}/${action}`)]) {
    const headers = { 'if-match': `"${Number(version) - 1}"` };
    const stale = await send(call, { body: keyed({ ...reasonFor(call) }), headers });
    assert.deepEqual([stale.status, stale.body['code']], [412, 'version-conflict'], call);
  }
  assert.equal((await send(`GET ${path}`)).body['version'], version);
});

const actions = ['start', 'complete', 'fail', 'cancel'];

function reasonFor(call: string): { reason?: string } {
  return call.endsWith('/fail') ? { reason: 'no show' } : {};
}

test('and again when it is decided (refused `version-conflict`)', async () => {
  const { id, version } = await contract.confirmed();
  const path = `/v1/appointments/${String(id)}`;
  // All name the same version; of those that get past the first check one can be applied.
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      send(`PATCH ${path}`, {
        ...{ body: keyed({ metadata: { n } }), headers: { 'if-match': `"${Number(version)}"` } },
        wait: 20,
      }),
    ),
  );
  const applied = answers.filter(({ status }) => status === 200);
  assert.equal(applied.length, 1, JSON.stringify(answers.map(({ status }) => status)));
  for (const { status, body } of answers) {
    if (status === 200) continue;
    assert.ok([409, 412].includes(status));
    assert.equal(body['code'], 'version-conflict');
  }
  const now = await send(`GET ${path}`);
  assert.equal(now.body['version'], Number(version) + 1);
  assert.deepEqual(now.body['metadata'], applied[0]?.body['metadata']);
});

test('`If-Match` takes `"n"` or `*`, weak tags never match (412)', async () => {
  const { id, version } = await contract.confirmed();
  const call = `PATCH /v1/appointments/${String(id)}`;
  const with_ = async (tag: string, change: object): Promise<number> => {
    const answer = await send(call, {
      ...{ body: keyed({ metadata: change }), headers: { 'if-match': tag }, wait: 20 },
    });
    return answer.status;
  };
  assert.equal(await with_(`W/"${Number(version)}"`, { a: 1 }), 412);
  assert.equal(await with_(`"${Number(version)}"`, { a: 1 }), 200);
  assert.equal(await with_('*', { a: 2 }), 200);
  for (const malformed of [String(version), 'n', '""x', `"${Number(version)}", "7"`]) {
    assert.equal(await with_(malformed, { a: 3 }), 400, malformed);
  }
});

test('Every answer with one appointment has its `ETag: "<version>"`', async () => {
  const made = await send('POST /v1/appointments', { body: booking(), wait: 20 });
  const path = `/v1/appointments/${String(made.body['id'])}`;
  const patched = await send(`PATCH ${path}`, { body: keyed({ metadata: { a: 1 } }), wait: 20 });
  const read = await send(`GET ${path}`);
  for (const { headers, body } of [made, patched, read]) {
    assert.equal(headers.get('etag'), `"${Number(body['version'])}"`);
  }
  const headers = { 'if-none-match': read.headers.get('etag') ?? '' };
  const unchanged = await send(`GET ${path}`, { headers });
  assert.deepEqual([unchanged.status, unchanged.body], [304, {}]);
});

test(
  'A transition that the table does not allow: 409 `illegal-transition` with the state and ' +
    'what is allowed',
  async () => {
    const { id } = await contract.confirmed();
    const path = `/v1/appointments/${String(id)}`;
    const early = await send(`POST ${path}/complete`, { body: keyed(), wait: 20 });
    const { code, state, allowed } = early.body;
    assert.deepEqual([early.status, code, state], [409, 'illegal-transition', 'CONFIRMED']);
    assert.deepEqual(allowed, ['update', 'cancel', 'start', 'fail']);
    await send(`POST ${path}/start`, { body: keyed(), wait: 20 });
    const moved = await send(`PATCH ${path}`, { body: keyed({ slot: freshHour() }), wait: 20 });
    assert.deepEqual([moved.status, moved.body['code']], [409, 'illegal-transition']);
    // Still an update, of the metadata.
    assert.deepEqual(moved.body['allowed'], ['update', 'cancel', 'complete', 'fail']);
    await send(`POST ${path}/complete`, { body: keyed(), wait: 20 });
    for (const call of [`PATCH ${path}`, ...actions.map((action) => `POST ${path}/${action}`)]) {
      const over = await send(call, { body: keyed(reasonFor(call)), wait: 20 });
      assert.deepEqual([over.status, over.body['code']], [409, 'illegal-transition'], call);
      assert.deepEqual(over.body['allowed'], []);
    }
  },
);

test("Someone else's appointment, or one of another tenant: 404", async () => {
  const missing = `/v1/appointments/${randomUUID()}`;
  for (const call of [
    `GET ${missing}`,
    `GET ${missing}/timeline`,
    `PATCH ${missing}`,
    ...actions.map((action) => `POST ${missing}/${action}`),
  ]) {
    const body = call.startsWith('GET') ? {} : { body: keyed(reasonFor(call)) };
    const answer = await send(call, body);
    assert.deepEqual([answer.status, answer.body['code']], [404, 'not-found'], call);
  }
  assert.equal((await send('PATCH /v1/appointments/nothing', { body: keyed() })).status, 404);
});
