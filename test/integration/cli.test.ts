import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { launch, type Launched } from '../support/launch.ts';
import { startService, type Service } from '../support/service.ts';

let folder: string;
const databases: TestDatabase[] = [];
const services: Service[] = [];
let old: Service;
let fresh: Service;

async function service(): Promise<Service> {
  const database = await freshDatabase();
  databases.push(database);
  const started = await startService({ databaseUrl: database.url });
  services.push(started);
  return started;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slotwright-cli-'));
  old = await service();
  fresh = await service();
});

after(async () => {
  for (const started of services) await started.close();
  for (const database of databases) await database.drop();
  await rm(folder, { recursive: true });
});

/** The real launcher in a process of its own. */
async function slotwright(
  args: string[],
  { on, input = '' }: { on?: Service; input?: string } = {},
): Promise<Launched> {
  if (on === undefined) return launch(args, { input });
  const env = {
    PORT: new URL(on.url).port,
    SLOTWRIGHT_API_KEY: on.key,
    DATABASE_URL: await on.databaseUrl(),
  };
  return launch(args, { env, input });
}

function succeeded({ status, out, err }: Launched): string {
  assert.equal(status, 0, err);
  return out;
}

const json = (ran: Launched) => JSON.parse(succeeded(ran)) as Record<string, unknown>;
const at = (name: string): string => join(folder, name);
const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const catalogue = {
  service_types: [
    { code: 'massage', name: 'Massage, "deep"', travel: true },
    { code: 'sauna', name: ' Sauna\nat night ', active: false },
  ],
  locations: [
    { id: 'hall', name: 'Hall', time_zone: 'Europe/Berlin', latitude: 52.5, longitude: 13.25 },
    { id: 'yard', name: 'Yard; behind', time_zone: 'Etc/UTC', active: false },
  ],
  resources: [
    {
      id: 'room-1',
      name: 'Zimmer Ⅰ',
      service_types: ['massage', 'consultation'],
      locations: ['hall', 'yard'],
      time_zone: 'Europe/Berlin',
      working_hours: [{ days: everyDay, start: '00:00', end: '24:00' }],
      breaks: [{ days: ['mon'], start: '12:00', end: '13:00' }],
      buffer_after_minutes: 10,
      capacity: 3,
    },
  ],
  customers: [
    { id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', name: '=Ann', email: 'ann@example.com' },
  ],
};

const bookable = (index: number): object => ({
  customer_id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  start_time: `2040-03-06T${String(8 + index).padStart(2, '0')}:00:00Z`,
  end_time: `2040-03-06T${String(8 + index).padStart(2, '0')}:30:00Z`,
  service_type: 'massage',
  ...(index % 2 === 0 && { location: 'hall', metadata: { note: `a,"b"\n${index}` } }),
});

test('what is imported and booked is exported, and builds the same service anew', async () => {
  await writeFile(at('catalogue.json'), JSON.stringify(catalogue));
  const imported = json(await slotwright(['import', at('catalogue.json'), '--json'], { on: old }));
  assert.deepEqual(imported['resource'], { created: 1, updated: 0 });

  const rows = Array.from({ length: 6 }, (_, index) => JSON.stringify(bookable(index)));
  const unbookable = JSON.stringify({ ...bookable(0), resource_id: 'nobody' });
  const input = [...rows, unbookable].join('\n');
  const args = ['book', '-', '--format', 'ndjson', '--json', '--report', at('report.ndjson')];
  const booked = json(await slotwright(args, { on: old, input }));
  assert.deepEqual([booked['accepted'], booked['replayed'], booked['failed_total']], [6, 0, 0]);
  assert.deepEqual(booked['refused'], { total: 1, reasons: { 'unknown-resource': 1 } });
  const again = json(await slotwright(args, { on: old, input }));
  assert.deepEqual([again['accepted'], again['replayed']], [6, 6]);
  const report = (await readFile(at('report.ndjson'), 'utf8')).trimEnd().split('\n');
  const outcomes = report.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(outcomes.map(({ line }) => line).sort(), [1, 2, 3, 4, 5, 6, 7]);
  for (const { line, outcome, appointment_id: id, key, reason, ms } of outcomes) {
    assert.equal(outcome, line === 7 ? 'refused' : 'accepted');
    assert.equal(reason, line === 7 ? 'unknown-resource' : null);
    assert.equal(typeof id === 'string', line !== 7);
    assert.match(String(key), /^[0-9a-f]{32}$/);
    assert.ok(typeof ms === 'number');
  }

  for (const format of ['ndjson', 'csv']) {
    const file = at(`all.${format}`);
    succeeded(await slotwright(['export', '--out', file], { on: old }));
    succeeded(await slotwright(['import', file], { on: fresh }));
    const moved = json(await slotwright(['book', file, '--json'], { on: fresh }));
    // Both formats give an appointment the same key.
    assert.deepEqual(
      [moved['accepted'], moved['replayed'], moved['failed_total']],
      [6, format === 'csv' ? 6 : 0, 0],
    );
    const what = ['export', 'catalogue', '--format', format];
    const there = succeeded(await slotwright(what, { on: old }));
    assert.equal(succeeded(await slotwright(what, { on: fresh })), there);
    assert.ok(there.includes('Zimmer Ⅰ') && there.includes('=Ann'));
  }
  const slots = async (on: Service): Promise<unknown[]> => {
    const ran = await slotwright(['export', 'appointments', '--format', 'ndjson'], { on });
    return succeeded(ran)
      .trimEnd()
      .split('\n')
      .map((line) => {
        const row = JSON.parse(line) as Record<string, unknown>;
        const { customer_id, start_time, end_time, service_type, location, metadata } = row;
        const kept = { customer_id, start_time, end_time, service_type, location, metadata };
        return { ...kept, resource_id: row['resource_id'] };
      });
  };
  assert.equal((await slots(old)).length, 6);
  assert.deepEqual(await slots(fresh), await slots(old));
});

test('an export is narrowed as asked', async () => {
  const count = async (...args: string[]): Promise<number> =>
    succeeded(await slotwright(['export', 'appointments', ...args], { on: old })).split('\n')
      .length - 1;
  assert.equal(await count('--from', '2040-03-06T10:10:00Z'), 4);
  assert.equal(await count('--to', '2040-03-06T10:00:00Z'), 2);
  assert.equal(await count('--state', 'CANCELLED,FAILED'), 0);
  assert.equal(await count('--resource', 'room-1', '--customer', catalogue.customers[0]!.id), 6);
});

test('a key made by hand opens the service until it is revoked', async () => {
  const made = json(
    await slotwright(['keys', 'create', '--scopes', 'appointments:read', '--json'], { on: old }),
  );
  const use = ['export', 'catalogue', '--key', String(made['key'])];
  succeeded(await slotwright(use, { on: old }));
  const listed = json(await slotwright(['keys', 'list', '--json'], { on: old }));
  const row = (listed['items'] as Record<string, unknown>[]).find(({ id }) => id === made['id']);
  assert.deepEqual(
    [row?.['scopes'], row?.['expires_at'], row?.['revoked_at']],
    [['appointments:read'], null, null],
  );
  assert.ok(!JSON.stringify(listed).includes(String(made['key'])));
  const revoke = ['keys', 'revoke', String(made['id']), '--json'];
  assert.equal(json(await slotwright(revoke, { on: old }))['already'], false);
  assert.equal(json(await slotwright(revoke, { on: old }))['already'], true);
  // A process may remember a key for a second.
  const authorization = `Bearer ${String(made['key'])}`;
  await eventually(async () => {
    const answer = await fetch(`${old.url}/v1/locations`, { headers: { authorization } });
    await answer.body?.cancel();
    return answer.status === 401;
  });
  const refused = await slotwright(use, { on: old });
  assert.equal(refused.status, 1);
  assert.match(refused.err, /^slotwright: the service answered 401: .*\n$/);
  const stray = await slotwright(['keys', 'create', '--tenant', 'nobody'], { on: old });
  assert.deepEqual([stray.status, stray.err], [1, 'slotwright: there is no tenant "nobody"\n']);
  const unknown = ['keys', 'revoke', '018f0000-0000-7000-8000-000000000000'];
  assert.equal((await slotwright(unknown, { on: old })).status, 1);
});

test('wrong usage ends with status 2 and failure with 1, in one line', async () => {
  for (const args of [['nope'], ['book', 'a.txt'], ['export', '--from', 'yesterday']]) {
    const { status, err } = await slotwright(args, { on: old });
    assert.equal(status, 2, `${args.join(' ')}: ${err}`);
    assert.equal(err.trimEnd().split('\n').length, 1, err);
  }
  const nowhere = await slotwright(['export', '--out', '/nowhere/x.csv'], { on: old });
  assert.deepEqual([nowhere.status, nowhere.out], [1, '']);
  assert.equal(nowhere.err, 'slotwright: /nowhere/x.csv cannot be written: ENOENT\n');
  const keyless = await slotwright(['keys', 'list']);
  assert.equal(keyless.status, 1);
  assert.match(keyless.err, /^slotwright: no database in \/nowhere: .*\n$/);
});

test('the settings are printed as JSON for a program, secrets masked', async () => {
  const shown = json(await slotwright(['config', '--json'], { on: old }));
  assert.deepEqual(shown['SLOTWRIGHT_API_KEY'], { value: '***', source: 'environment' });
});
