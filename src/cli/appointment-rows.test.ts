import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appointmentRows, type Booking } from './appointment-rows.ts';

const customer = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
const flat = {
  customer_id: customer,
  start_time: '2030-01-07T10:00:00Z',
  end_time: '2030-01-07T10:30:00Z',
  service_type: 'consultation',
};

async function read(text: string, format: 'ndjson' | 'csv') {
  const rows: Booking[] = [];
  const problems: string[] = [];
  let passedOver = 0;
  for await (const row of appointmentRows(inPieces(text), format)) {
    if (row.kind === 'booking') rows.push(row);
    else if (row.kind === 'passed over') passedOver += 1;
    else problems.push(...row.problems.map((problem) => `line ${row.line}: ${problem}`));
  }
  return { rows, problems, passedOver };
}

/** A file is read in pieces that end anywhere. */
async function* inPieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 7) {
    yield await Promise.resolve(text.slice(at, at + 7));
  }
}

function ndjson(...rows: object[]): ReturnType<typeof read> {
  return read(rows.map((row) => JSON.stringify(row)).join('\n'), 'ndjson');
}

test('rows become bodies of the API, whether their times stand in a slot or not', async () => {
  const { start_time, end_time, ...rest } = flat;
  const { rows, problems } = await ndjson(flat, { ...rest, slot: { start_time, end_time } });
  assert.deepEqual(problems, []);
  assert.deepEqual(rows[0]?.body.slot, { start_time, end_time });
  assert.deepEqual(rows[1]?.body.slot, { start_time, end_time });
});

test('cells of a table become members, and empty ones are absent', async () => {
  const text = [
    'customer_id,start_time,end_time,service_type,location,resource_id,metadata',
    `${customer},2030-01-07T10:00:00Z,2030-01-07T10:30:00Z,consultation,,desk-1,"{""a"":1}"`,
  ].join('\n');
  const { rows, problems } = await read(text, 'csv');
  assert.deepEqual(problems, []);
  const [first] = rows;
  assert.equal(first?.body.resource_id, 'desk-1');
  assert.deepEqual(first.body.metadata, { a: 1 });
  assert.ok(!('location' in first.body));
});

test('a missing key is made from the row and its line, the same each time', async () => {
  const keysOf = ({ rows }: Awaited<ReturnType<typeof read>>): string[] =>
    rows.map(({ body }) => body.idempotency_key);
  const [first = '', second = ''] = keysOf(await ndjson(flat, flat));
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);
  assert.deepEqual(keysOf(await ndjson(flat, flat)), [first, second]);
  const own = '0123456789abcdef';
  assert.deepEqual(keysOf(await ndjson({ ...flat, idempotency_key: own })), [own]);
});

test('every bad row is named by its line', async () => {
  const { problems } = await ndjson(
    flat,
    { ...flat, customer_id: 'somebody' },
    { ...flat, end_time: flat.start_time },
    { ...flat, end_time: '2030-01-07T14:00:01Z' },
    { ...flat, start_time: '2030-02-30T10:00:00Z' },
    { ...flat, colour: 'red' },
    { ...flat, metadata: { a: 'x'.repeat(8_192) } },
    { ...flat, idempotency_key: 'short' },
  );
  assert.deepEqual(problems, [
    'line 2: /customer_id is not well-formed',
    'line 3: /slot must end after its start, at most 4 hours later',
    'line 4: /slot must end after its start, at most 4 hours later',
    'line 5: /slot/start_time is not an instant',
    'line 6: /colour is not a member',
    'line 7: /metadata must be at most 8192 bytes',
    'line 8: /idempotency_key is not well-formed',
  ]);
});

test('an exported appointment is known by its id, and over it is not booked', async () => {
  const told = { kind: 'appointment', id: 'a', version: 3, created_at: '2030-01-01T00:00:00Z' };
  const open = { ...told, state: 'CONFIRMED', ...flat };
  const over = ['COMPLETED', 'CANCELLED', 'FAILED'].map((state) => ({ ...open, state }));
  const first = await ndjson(open, ...over, { kind: 'location', id: 'hall' });
  const second = await ndjson(over[0] ?? {}, { ...open, version: 4 });
  assert.deepEqual([first.problems, first.passedOver], [[], 4]);
  assert.deepEqual(first.rows[0]?.body, second.rows[0]?.body);
  assert.deepEqual(Object.keys(first.rows[0]?.body ?? {}).sort(), [
    'customer_id',
    'idempotency_key',
    'service_type',
    'slot',
  ]);
  const { problems } = await ndjson({ ...flat, kind: 'shop' });
  assert.deepEqual(problems, ['line 1: /kind must be appointment']);
});

test('a line without an end is refused, not gathered', async () => {
  async function* endless(): AsyncGenerator<string> {
    for (;;) yield await Promise.resolve('x'.repeat(1 << 20));
  }
  const reading = appointmentRows(endless(), 'ndjson').next();
  await assert.rejects(reading, /^Failure: not NDJSON: a line has no end/);
});
