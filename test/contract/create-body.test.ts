import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  booking,
  contractSuite,
  freshHour,
  instantAt,
  person,
  type HttpAnswer,
} from '../support/contract-service.ts';

const contract = contractSuite(2);
const { send } = contract;

const create = (changes: Record<string, unknown>, wait?: number): Promise<HttpAnswer> =>
  send('POST /v1/appointments', { body: booking(changes), ...(wait !== undefined && { wait }) });

/** Posts a booking with each value of the member; answers the values whose status is another. */
async function deviating(
  member: string,
  values: readonly unknown[],
  status: number,
): Promise<unknown[]> {
  const deviants: unknown[] = [];
  for (const value of values) {
    const answer = await create({ [member]: value });
    const code = (answer.body['errors'] as { pointer: string }[] | undefined)?.[0]?.pointer ?? '';
    const isAsMeant = answer.status === status && (status < 300 || code.startsWith(`/${member}`));
    if (!isAsMeant) deviants.push([value, answer.status, answer.text]);
  }
  return deviants;
}

const repeated = (text: string, times: number): string => text.repeat(times);

test(
  '`idempotency_key` required: UUID v4 (either case), or 16 to 64 characters of A-Z a-z 0-9 ' +
    '+ / _ - with up to two = at the end; anything in 8-4-4-4-12 form must be v4',
  async () => {
    const v4 = randomUUID();
    const good = [
      ...[v4, randomUUID().toUpperCase(), `${v4}x`, v4.replaceAll('-', '')],
      ...[repeated('a', 16), repeated('Zz09+/_-', 8), repeated('b', 22) + '=='],
      // The padding is beside the 64.
      ...[repeated('c', 64), repeated('d', 63) + '=', repeated('e', 64) + '=='],
    ];
    assert.deepEqual(await deviating('idempotency_key', good, 202), []);
    const bad = [
      ...['', repeated('a', 15), repeated('a', 65), repeated('a', 20) + '===', '='.repeat(20)],
      ...[`${repeated('a', 10)}=${repeated('a', 10)}`, repeated('a', 20) + ' ', 'ä'.repeat(20)],
      ...[repeated('a', 20) + '\n', repeated('a', 20) + '.', 7, true, [], {}],
      ...['1', '3', '5', '6', '7', '8'].map((v) => `3f2b8c1e-9a4d-${v}e6f-8b7a-1c2d3e4f5a6b`),
      ...['3f2b8c1e-9a4d-4e6f-7b7a-1c2d3e4f5a6b', '00000000-0000-0000-0000-000000000000'],
    ];
    assert.deepEqual(await deviating('idempotency_key', bad, 422), []);
    assert.equal((await create({ idempotency_key: undefined })).status, 400);
  },
);

test('the key is compared byte by byte', async () => {
  const key = randomUUID().replace(/^./, 'a');
  const lower = await create({ idempotency_key: key });
  const upper = await create({ idempotency_key: key.toUpperCase() });
  assert.deepEqual([lower.status, upper.status], [202, 202]);
  assert.notEqual(lower.body['id'], upper.body['id']);
});

test('`customer_id` required: any UUID in 8-4-4-4-12 form; answered in lower case', async () => {
  const id = '7D444840-9DC0-11D1-B245-5FFDCE74FAD2';
  const good = [id, '00000000-0000-0000-0000-000000000000', randomUUID()];
  assert.deepEqual(await deviating('customer_id', good, 202), []);
  assert.equal((await create({ customer_id: id })).body['customer_id'], id.toLowerCase());
  const bad = [undefined, null, 'x', id.replaceAll('-', ''), `{${id}}`, `urn:uuid:${id}`, 7];
  assert.deepEqual(await deviating('customer_id', bad, 422), []);
});

const soon = Math.floor(Date.now() / 86_400_000) * 86_400_000 + 40 * 86_400_000;
const day = instantAt(soon).slice(0, 10);
const slot = (start: string, end: string) => ({ start_time: start, end_time: end });

test(
  '`slot` required: RFC 3339 with upper-case T and Z; a fraction of zeros is accepted, any ' +
    'other, :60 and 24:00 are not; start < end',
  async () => {
    const end = `${day}T11:00:00Z`;
    const good = [`${day}T10:00:00Z`, `${day}T10:00:00.0Z`, `${day}T10:00:01.000000000Z`];
    const slots = good.map((start) => slot(start, end));
    assert.deepEqual(await deviating('slot', slots, 202), []);
    const answered = await create({ slot: slot(`${day}T10:00:00.00Z`, end) });
    assert.deepEqual(answered.body['slot'], slot(`${day}T10:00:00Z`, end));
    const bad = [
      ...[`${day}t10:00:00Z`, `${day}T10:00:00z`, `${day} 10:00:00Z`, `${day}T10:00:00`],
      ...[`${day}T10:00:00+00:00`, `${day}T10:00:00-00:00`, `${day}T10:00:00.1Z`],
      ...[`${day}T10:00:00.0001Z`, `${day}T10:00:00.Z`, `${day}T10:00:00,0Z`, `${day}T10:00Z`],
      ...[`${day}T10:00:60Z`, `${day}T10:60:00Z`, `${day}T24:00:00Z`, `${day}T25:00:00Z`],
      ...['2035-02-30T10:00:00Z', '2035-13-01T10:00:00Z', '2035-00-10T10:00:00Z', '', 7, null],
      ...[soon / 1_000, `+0${day}T10:00:00Z`, ` ${day}T10:00:00Z`],
    ];
    const starts = bad.map((start) => ({ start_time: start, end_time: end }));
    assert.deepEqual(await deviating('slot', starts, 422), []);
    const reversed = [slot(end, end), slot(end, `${day}T10:00:00Z`)];
    assert.deepEqual(await deviating('slot', reversed, 422), []);
    const shapes = [undefined, null, 'now', [], {}, { start_time: end }];
    assert.deepEqual(await deviating('slot', shapes, 422), []);
  },
);

test('`slot`: at most 4 h', async () => {
  const four = slot(`${day}T12:00:00Z`, `${day}T16:00:00Z`);
  assert.deepEqual(await deviating('slot', [four], 202), []);
  const over = { ...four, end_time: `${day}T16:00:01Z` };
  assert.deepEqual(await deviating('slot', [over], 422), []);
});

test('`slot`: end in the future', async () => {
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const begun = slot(instantAt(now - 600_000), instantAt(now + 600_000));
  assert.deepEqual(await deviating('slot', [begun], 202), []);
  const over = await create({ slot: slot(instantAt(now - 600_000), instantAt(now - 1_000)) });
  assert.deepEqual([over.status, over.body['code']], [422, 'slot-in-the-past']);
  const [first] = over.body['errors'] as { pointer: string; code: string }[];
  assert.deepEqual([first?.pointer, first?.code], ['/slot/end_time', 'slot-in-the-past']);
});

test(
  '`service_type` required: an active service type of the tenant; `consultation` and ' +
    '`pickup` exist from the start',
  async () => {
    const { body } = await send('GET /v1/service-types');
    const codes = (body['items'] as { code: string }[]).map(({ code }) => code);
    assert.deepEqual(codes, ['consultation', 'pickup']);
    assert.deepEqual(await deviating('service_type', codes, 202), []);
    await contract.put('/v1/service-types/retired', { name: 'Retired', active: false });
    for (const code of ['retired', 'unheard-of', 'Consultation']) {
      const refused = await create({ service_type: code });
      assert.deepEqual([refused.status, refused.body['code']], [422, 'unknown-service-type']);
      const [first] = refused.body['errors'] as { pointer: string; code: string }[];
      assert.deepEqual([first?.pointer, first?.code], ['/service_type', 'unknown-service-type']);
    }
    const bad = [undefined, null, '', 7, repeated('a', 65)];
    assert.deepEqual(await deviating('service_type', bad, 422), []);
  },
);

test("`location` optional, 1 to 255 characters: a location's id or, if unique, its name", async () => {
  const place = { name: 'Main hall', time_zone: 'UTC' };
  await contract.put('/v1/locations/hall', place);
  for (const id of ['twin-1', 'twin-2']) {
    await contract.put(`/v1/locations/${id}`, { ...place, name: 'Twin' });
  }
  await contract.put('/v1/locations/closed', { ...place, name: 'Closed', active: false });
  const stored = async (location: unknown): Promise<unknown> =>
    (await create({ location })).body['location'];
  assert.equal(await stored('hall'), 'hall');
  assert.equal(await stored('Main hall'), 'hall');
  assert.equal(await stored('main hall'), 'main hall');
  assert.equal(await stored('twin-2'), 'twin-2');
  assert.equal(await stored(null), null);
  assert.equal(await stored(undefined), null);
  const ambiguous = await create({ location: 'Twin' });
  assert.deepEqual([ambiguous.status, ambiguous.body['code']], [422, 'ambiguous-location']);
  const closed = await create({ location: 'closed' });
  assert.deepEqual([closed.status, closed.body['code']], [422, 'unknown-location']);
  const good = ['x', repeated('x', 255), repeated('😀', 255)];
  assert.deepEqual(await deviating('location', good, 202), []);
  const bad = ['', repeated('x', 256), repeated('😀', 256), 7, []];
  assert.deepEqual(await deviating('location', bad, 422), []);
});

test(
  '`metadata` optional object, at most 8,192 bytes as compact UTF-8 JSON; no NUL, lone ' +
    'surrogate or `__proto__`',
  async () => {
    const filled = (bytes: number) => ({ a: repeated('x', bytes - '{"a":""}'.length) });
    const wide = { a: repeated('€', 2_728) };
    assert.equal(Buffer.byteLength(JSON.stringify(wide)), 8_192);
    const good = [null, {}, filled(8_192), wide, { nested: [{ '': null }, 1.5, true] }];
    assert.deepEqual(await deviating('metadata', good, 202), []);
    const own = JSON.parse('{"__proto__":1}') as unknown;
    const bad = [
      ...[filled(8_193), { a: repeated('€', 2_729) }, [], 'x', 7, false],
      ...[{ a: '\0' }, { 'b\0': 1 }, { a: ['\ud800'] }, { '\udc00': 1 }, own, { a: [own] }],
    ];
    assert.deepEqual(await deviating('metadata', bad, 422), []);
    const spaced = JSON.stringify(booking({ metadata: filled(8_192) }), null, 9);
    assert.equal((await send('POST /v1/appointments', { text: spaced })).status, 202);
    const odd = { a: { z: 1, b: [1, '😀', null] }, ü: 'ß', 'c/d': {} };
    const made = await create({ metadata: odd });
    const { body } = await send(`GET /v1/appointments/${String(made.body['id'])}`);
    assert.deepEqual(body['metadata'], odd);
  },
);

test('`resource_id` optional: this resource and no other', async () => {
  const hour = freshHour();
  const first = await create({ slot: hour, resource_id: 'r1' }, 20);
  assert.deepEqual([first.status, first.body['resource_id']], [201, 'r1']);
  const second = await create({ slot: hour, resource_id: 'r1' }, 20);
  assert.deepEqual([second.status, second.body['reason']], [409, 'no-room']);
  assert.equal((await create({ slot: hour }, 20)).body['resource_id'], 'r0');
  await contract.put('/v1/resources/gone', person({ active: false }));
  for (const resource_id of ['nobody', 'gone']) {
    const refused = await create({ resource_id });
    assert.deepEqual([refused.status, refused.body['code']], [422, 'unknown-resource']);
    const [first_] = refused.body['errors'] as { pointer: string; code: string }[];
    assert.deepEqual([first_?.pointer, first_?.code], ['/resource_id', 'unknown-resource']);
  }
  assert.deepEqual(await deviating('resource_id', ['', 7, repeated('x', 65)], 422), []);
  assert.deepEqual(await deviating('resource_id', [null, 'r0'], 202), []);
});

test('Lengths count code points; NUL and lone surrogates are 422 in every string', async () => {
  for (const evil of ['\0', 'a\0b', '\ud800', 'x\udfff']) {
    for (const member of ['location', 'service_type', 'resource_id', 'customer_id']) {
      const { status, body } = await create({ [member]: evil });
      const [first] = body['errors'] as { pointer: string }[];
      assert.deepEqual([status, first?.pointer], [422, `/${member}`]);
    }
    const named = await create({ [evil]: 1 });
    assert.equal(named.status, 422);
  }
  const { id } = await contract.confirmed();
  const fail = (reason: string): Promise<HttpAnswer> =>
    send(`POST /v1/appointments/${String(id)}/fail`, {
      body: { idempotency_key: randomUUID(), reason },
    });
  for (const reason of ['\0', '\ud800', '', repeated('😀', 501)]) {
    assert.equal((await fail(reason)).status, 422);
  }
  assert.equal((await fail(repeated('😀', 500))).status, 202);
  for (const query of ['location=%00', 'service_type=a%00', 'location=%ED%A0%80']) {
    assert.equal((await send(`GET /v1/appointments?${query}`)).status, 422, query);
  }
});
