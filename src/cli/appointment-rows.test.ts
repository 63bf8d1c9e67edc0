import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appointmentRows } from './appointment-rows.ts';

const customer = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
const flat = {
  customer_id: customer,
  start_time: '2030-01-07T10:00:00Z',
  end_time: '2030-01-07T10:30:00Z',
  service_type: 'consultation',
};

function ndjson(...rows: object[]): ReturnType<typeof appointmentRows> {
  return appointmentRows(rows.map((row) => JSON.stringify(row)).join('\n'), 'ndjson');
}

test('rows become bodies of the API, whether their times stand in a slot or not', () => {
  const { start_time, end_time, ...rest } = flat;
  const { rows, problems } = ndjson(flat, { ...rest, slot: { start_time, end_time } });
  assert.deepEqual(problems, []);
  assert.deepEqual(rows[0]?.body.slot, { start_time, end_time });
  assert.deepEqual(rows[1]?.body.slot, { start_time, end_time });
});

test('cells of a table become members, and empty ones are absent', () => {
  const text = [
    'customer_id,start_time,end_time,service_type,location,resource_id,metadata',
    `${customer},2030-01-07T10:00:00Z,2030-01-07T10:30:00Z,consultation,,desk-1,"{""a"":1}"`,
  ].join('\n');
  const { rows, problems } = appointmentRows(text, 'csv');
  assert.deepEqual(problems, []);
  const [first] = rows;
  assert.equal(first?.body.resource_id, 'desk-1');
  assert.deepEqual(first.body.metadata, { a: 1 });
  assert.ok(!('location' in first.body));
});

test('a missing key is made from the row and its line, the same each time', () => {
  const keys = (): string[] => ndjson(flat, flat).rows.map(({ body }) => body.idempotency_key);
  const [first = '', second = ''] = keys();
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);
  assert.deepEqual(keys(), [first, second]);
  const own = '0123456789abcdef';
  assert.equal(ndjson({ ...flat, idempotency_key: own }).rows[0]?.body.idempotency_key, own);
});

test('every bad row is named by its line', () => {
  const { problems } = ndjson(
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
