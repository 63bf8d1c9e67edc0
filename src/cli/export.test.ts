import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { file, run, serve, type Reply, type Request } from '../../test/support/command.ts';

const key = ['--key', 'abcdefghijklmnop'];
const locations = Array.from({ length: 7 }, (_, index) => ({
  id: `hall-${index}`,
  name: index === 3 ? 'Hall, "the" 3rd' : `Hall ${index}`,
  time_zone: 'Etc/UTC',
  latitude: null,
  longitude: null,
  region: 'default',
  active: true,
  created_at: '2030-01-01T00:00:00Z',
  updated_at: '2030-01-01T00:00:00Z',
}));

/** Two locations a page, and nothing else. */
function page({ path }: Request): Reply {
  const { pathname, searchParams } = new URL(path, 'http://service');
  const all = pathname === '/v1/locations' ? locations : [];
  const from = Number(searchParams.get('cursor') ?? 0);
  const next = from + 2 < all.length ? String(from + 2) : null;
  return { status: 200, body: { items: all.slice(from, from + 2), next_cursor: next } };
}

/** Breaks off at the nth request, once. */
async function breaking(t: TestContext, at: number) {
  return serve(t, (request, index) =>
    index === at ? { status: 500, body: { title: 'It broke' } } : page(request),
  );
}

const line = (index: number): string =>
  `{"kind":"location","id":"hall-${index}",` +
  `"name":${JSON.stringify(locations[index]?.name)},` +
  '"time_zone":"Etc/UTC","region":"default","active":true}\n';
const allLines = locations.map((_, index) => line(index)).join('');

test('every page of every list is written to standard output, the summary beside it', async (t) => {
  const { requests, port } = await serve(t, page);
  const { status, out, err, written } = await run(['export', ...key], { PORT: port });
  assert.deepEqual([status, out, written], [0, '', allLines]);
  assert.match(err, /^exported 0 service types, 7 locations, .*0 appointments in [\d.]+ s$/);
  const lists = requests.map(({ path }) => path.split('?')[0]?.slice('/v1/'.length));
  const others = ['service-types', 'resources', 'customers', 'appointments'];
  assert.deepEqual(lists.toSorted(), [...others, ...Array(4).fill('locations')].toSorted());
  const csv = await run(['export', 'catalogue', '--format', 'csv', ...key], { PORT: port });
  const [header, , , , fourth] = csv.written.split('\n');
  assert.match(header ?? '', /^kind,code,name,active,travel,id,time_zone,latitude,/);
  assert.match(fourth ?? '', /^location,,"Hall, ""the"" 3rd",true,,hall-3,Etc\/UTC,,,default,/);
});

test('the filters are those of the list', async (t) => {
  const { requests, port } = await serve(t, page);
  const filters = ['--state', 'INIT,FAILED', '--to', '2030-01-01T00:00:00Z', '--resource', 'a b'];
  await run(['export', 'appointments', ...filters, ...key], { PORT: port });
  const query = new URL(requests[0]?.path ?? '', 'http://service').searchParams;
  assert.deepEqual(Object.fromEntries(query), {
    state: 'INIT,FAILED',
    to: '2030-01-01T00:00:00Z',
    resource_id: 'a b',
    limit: '200',
  });
});

test('a file appears whole or not at all', async (t) => {
  const { port } = await breaking(t, 3);
  const out = file(t, 'out.ndjson', 'as before');
  const first = await run(['export', '--out', out, ...key], { PORT: port });
  assert.deepEqual([first.status, first.err], [1, 'slotwright: locations: 500 It broke']);
  assert.deepEqual([readFileSync(out, 'utf8'), existsSync(`${out}.part`)], ['as before', false]);
  const second = await run(['export', '--out', out, '--json', ...key], { PORT: port });
  const { location, seconds } = JSON.parse(second.out) as Record<string, unknown>;
  assert.deepEqual([location, typeof seconds], [7, 'number']);
  assert.deepEqual([readFileSync(out, 'utf8'), existsSync(`${out}.part`)], [allLines, false]);
});

test('an export that broke off goes on where it was', async (t) => {
  const { requests, port } = await breaking(t, 3);
  const out = file(t, 'out.ndjson', '');
  const place = `${out}.place`;
  const args = ['export', '--out', out, '--resume', place, '--json', ...key];
  assert.equal((await run(args, { PORT: port })).status, 1);
  const half = locations.slice(0, 4).map((_, index) => line(index));
  assert.equal(readFileSync(`${out}.part`, 'utf8'), half.join(''));
  // A page that was written and not noted when the process was killed.
  writeFileSync(`${out}.part`, `${half.join('')}{"kind":"loc`);
  const other = await run([...args, '--format', 'csv'], { PORT: port });
  assert.equal(other.status, 2);
  assert.match(other.err, /is of another export/);
  const before = requests.length;
  const { status, out: told } = await run(args, { PORT: port });
  assert.deepEqual([status, (JSON.parse(told) as { location: number }).location], [0, 7]);
  assert.equal(readFileSync(out, 'utf8'), allLines);
  assert.ok(!existsSync(place) && !existsSync(`${out}.part`));
  assert.match(requests[before]?.path ?? '', /^\/v1\/locations\?limit=200&cursor=4$/);
});

test('a place whose file is gone is refused', async (t) => {
  const { port } = await breaking(t, 3);
  const out = file(t, 'out.ndjson', '');
  const args = ['export', '--out', out, '--resume', `${out}.place`, ...key];
  await run(args, { PORT: port });
  writeFileSync(`${out}.part`, 'short');
  assert.match((await run(args, { PORT: port })).err, /is shorter than \d+ bytes: remove /);
  rmSync(`${out}.part`);
  assert.match((await run(args, { PORT: port })).err, /\.part is gone: remove /);
});
