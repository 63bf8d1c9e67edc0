import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { file, run, serve, type Reply } from '../../test/support/command.ts';

const key = 'abcdefghijklmnop';
const lines = (rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const catalogue = [
  {
    kind: 'resource',
    id: 'desk',
    name: 'Desk',
    service_types: ['consultation', 'pickup'],
    locations: ['hall'],
    time_zone: 'Etc/UTC',
    working_hours: [{ days: ['mon'], start: '09:00', end: '17:00' }],
  },
  { kind: 'service_type', code: 'consultation', name: 'Consultation' },
  { kind: 'location', id: 'hall', name: 'Hall', time_zone: 'Etc/UTC' },
];
const appointment = {
  customer_id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  start_time: '2030-01-07T10:00:00Z',
  end_time: '2030-01-07T10:30:00Z',
  service_type: 'consultation',
};

test('wrong usage ends with status 2, help with 0', async () => {
  const wrong = [
    ...[['nope'], ['import'], ['config', '--colour'], ['book', 'a.csv', 'b.csv'], ['book', '-']],
    ...[
      ['book', '--limit', '0', 'a.csv'],
      ['book', 'a.json'],
      ['export', 'everything'],
    ],
    ...[
      ['export', '--resume', 'place'],
      ['export', 'catalogue', '--state', 'INIT'],
    ],
    ...[
      ['export', '--from', 'yesterday'],
      ['export', '--customer', 'x'],
    ],
    ...[
      ['export', '--format', 'xml'],
      ['keys', 'create', '--scopes', 'everything'],
    ],
    ...[
      ['keys', 'create', '--expires', 'soon'],
      ['keys', 'create', '--expires', '0d'],
    ],
  ];
  for (const args of wrong) assert.equal((await run(args)).status, 2, args.join(' '));
  assert.equal((await run(['book', '--concurrency', '0', 'a.csv'])).status, 2);
  assert.equal((await run(['import', 'catalogue.txt'])).status, 2);
  assert.equal((await run(['config'], { PORT: 'x' })).status, 2);
  assert.equal((await run(['--help'])).status, 0);
});

test('a file that is not there is a failure of one line', async () => {
  const { status, err } = await run(['import', '/nowhere/catalogue.json']);
  assert.deepEqual([status, err.split('\n').length], [1, 1]);
  assert.match(err, /\/nowhere\/catalogue\.json cannot be read: ENOENT/);
});

test('import puts what others refer to first, and counts what is new', async (t) => {
  const { requests, port } = await serve(t, ({ method, path }) => {
    if (method === 'GET') return { status: 200, body: { code: 'pickup' } };
    return { status: path.includes('locations') ? 200 : 201 };
  });
  const path = file(t, 'catalogue.ndjson', lines(catalogue));
  const { status, out } = await run(['import', path, '--json'], {
    PORT: port,
    SLOTWRIGHT_API_KEY: key,
  });
  assert.equal(status, 0);
  const report = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual(report['resource'], { created: 1, updated: 0 });
  assert.deepEqual(report['location'], { created: 0, updated: 1 });
  assert.deepEqual(
    requests.map((request) => `${request.method} ${request.path}`),
    [
      'GET /v1/service-types/pickup',
      'PUT /v1/service-types/consultation',
      'PUT /v1/locations/hall',
      'PUT /v1/resources/desk',
    ],
  );
  assert.ok(requests.every((request) => request.key === `Bearer ${key}`));
});

test('a bad row in the middle is named, and nothing is imported', async (t) => {
  const { requests, port } = await serve(t, () => ({ status: 404 }));
  const bad = [catalogue[1], { ...catalogue[0], capacity: 'many' }, catalogue[2]] as object[];
  const url = ['--url', `http://127.0.0.1:${port}`, '--key', key];
  const { status, err } = await run(['import', file(t, 'c.ndjson', lines(bad)), ...url]);
  assert.equal(status, 1);
  assert.match(err, /^line 2: \/capacity must be integer\n.*nothing was imported$/);
  assert.equal(requests.length, 0);
  const unknown = await run(['import', file(t, 'd.ndjson', lines(catalogue)), ...url]);
  assert.match(unknown.err, /^line 1: \/service_types\/1 "pickup" is unknown\n/);
  assert.deepEqual([...new Set(requests.map(({ method }) => method))], ['GET']);
});

test('book reports what was accepted, what refused and why, and what was replayed', async (t) => {
  const replies: Reply[] = [
    { status: 201 },
    { status: 409, body: { code: 'slot-unavailable', reason: 'no-room' } },
    { status: 422, body: { code: 'slot-in-the-past' } },
    { status: 200, headers: { 'idempotency-replayed': 'true' } },
  ];
  const { port } = await serve(t, (_, index) => replies[index] as Reply);
  const path = file(t, 'a.ndjson', lines(replies.map(() => appointment)));
  const options = ['--json', '--concurrency', '1', '--key', key];
  const { status, out } = await run(['book', path, ...options], { PORT: port });
  assert.equal(status, 0);
  const { seconds, latency_ms: latency, ...counts } = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual(counts, {
    rows: 4,
    accepted: 2,
    refused: { total: 2, reasons: { 'no-room': 1, 'slot-in-the-past': 1 } },
    replayed: 1,
    pending: 0,
    passed_over: 0,
    failed: [],
    failed_total: 0,
  });
  assert.ok(typeof seconds === 'number' && latency !== null);
});

test('book asks again with the same key while the service is busy or undecided', async (t) => {
  const replies: Reply[] = [
    { status: 503, headers: { 'retry-after': '1' } },
    { status: 409, body: { code: 'key-in-flight' } },
    { status: 202 },
    { status: 200, headers: { 'idempotency-replayed': 'true' } },
  ];
  const { requests, port } = await serve(t, (_, index) => replies[index] as Reply);
  const path = file(t, 'a.ndjson', lines([appointment]));
  const { status, out } = await run(['book', path, '--json', '--key', key], { PORT: port });
  const { accepted, replayed } = JSON.parse(out) as { accepted: number; replayed: number };
  assert.deepEqual([status, accepted, replayed], [0, 1, 0]);
  assert.equal(new Set(requests.map(({ body }) => body['idempotency_key'])).size, 1);
});

test('book writes a line on each row to its report, and stops at its limit', async (t) => {
  const id = '018f0000-0000-7000-8000-000000000000';
  const replies: Reply[] = [
    { status: 202, body: { id } },
    { status: 409, body: { code: 'slot-unavailable', appointment_id: id } },
    { status: 500, body: { detail: 'It broke.' } },
  ];
  const { requests, port } = await serve(t, (_, index) => replies[index] as Reply);
  const path = file(t, 'a.ndjson', lines(Array.from({ length: 5 }, () => appointment)));
  const report = `${path}.report`;
  const options = ['--no-wait', '--limit', '3', '--concurrency', '1', '--key', key];
  const args = ['book', path, '--report', report, '--json', ...options];
  const { status, out } = await run(args, { PORT: port });
  const summary = JSON.parse(out) as Record<string, unknown>;
  const { rows, pending, failed_total: failed } = summary;
  assert.deepEqual([status, rows, pending, failed], [1, 3, 1, 1]);
  const written = readFileSync(report, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    written.map((line) => {
      const { ms, key: rowKey, ...row } = JSON.parse(line) as Record<string, unknown>;
      assert.ok(typeof ms === 'number' && typeof rowKey === 'string');
      return row;
    }),
    [
      { line: 1, outcome: 'pending', appointment_id: id, reason: null },
      { line: 2, outcome: 'refused', appointment_id: id, reason: 'slot-unavailable' },
      { line: 3, outcome: 'failed', appointment_id: null, reason: '500 It broke.' },
    ],
  );
  assert.equal(requests.length, 3);
});

test('a bad row keeps every appointment of the file from being posted', async (t) => {
  const { requests, port } = await serve(t, () => ({ status: 201 }));
  const rows = [appointment, { ...appointment, customer_id: 'x' }, appointment];
  const path = file(t, 'a.ndjson', lines(rows));
  const { status, err } = await run(['book', path, '--key', key], { PORT: port });
  assert.equal(status, 1);
  assert.match(err, /^line 2: \/customer_id is not well-formed\n.*nothing was booked$/);
  assert.equal(requests.length, 0);
});

test('a service that is gone or refuses the key ends the command with what was done', async (t) => {
  const { port } = await serve(t, (_, index) =>
    index === 0 ? { status: 201 } : { status: 401, body: { detail: 'The key is not known.' } },
  );
  const path = file(t, 'a.ndjson', lines([appointment, appointment, appointment]));
  const options = ['--json', '--concurrency', '1', '--key', key];
  const { status, out } = await run(['book', path, ...options], { PORT: port });
  const report = JSON.parse(out) as { accepted: number; failed: { why: string }[] };
  assert.deepEqual([status, report.accepted, report.failed.length], [1, 1, 1]);
  assert.match(report.failed[0]?.why ?? '', /401: The key is not known/);
  const gone = await run(['book', path, ...options, '--url', 'http://127.0.0.1:1']);
  assert.equal(gone.status, 1);
  assert.match(gone.err, /cannot be reached/);
});

test('without a key from anywhere the command says where it looked', async (t) => {
  const path = file(t, 'a.ndjson', lines([appointment]));
  const { status, err } = await run(['book', path], { SLOTWRIGHT_DATA: '/nowhere' });
  assert.equal(status, 1);
  assert.match(err, /SLOTWRIGHT_API_KEY/);
});
