import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { contractSuite, freshHour, person } from '../support/contract-service.ts';
import { launch, type Launched } from '../support/launch.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwright-command-line-'));
after(() => rmSync(folder, { recursive: true }));
const contract = contractSuite();
const { send } = contract;

const at = (name: string): string => join(folder, name);

/** With the settings that a client of the service under test has. */
function slotwright(args: string[], env: Record<string, string> = {}): Promise<Launched> {
  const { url, key } = contract.service;
  const { hostname, port } = new URL(url);
  return launch(args, { env: { HOST: hostname, PORT: port, SLOTWRIGHT_API_KEY: key, ...env } });
}

async function reported(args: string[], env?: Record<string, string>) {
  const { status, out, err } = await slotwright([...args, '--json'], env);
  assert.equal(status, 0, `${args.join(' ')}: ${err}`);
  return JSON.parse(out) as Record<string, unknown>;
}

const catalogue = {
  service_types: [{ code: 'massage', name: 'Massage, "deep"' }],
  locations: [{ id: 'hall', name: 'Hall; behind', time_zone: 'Europe/Berlin' }],
  resources: [{ id: 'room', ...person({ service_types: ['massage'], locations: ['hall'] }) }],
  customers: [{ id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', name: 'Änn\nLee' }],
};

test('`import` takes a catalogue (JSON, NDJSON or CSV)', async () => {
  await writeFile(at('catalogue.json'), JSON.stringify(catalogue));
  const made = await reported(['import', at('catalogue.json')]);
  for (const kind of ['service_type', 'location', 'resource', 'customer']) {
    assert.deepEqual(made[kind], { created: 1, updated: 0 }, kind);
  }
  assert.equal((await send('GET /v1/resources/room')).status, 200);
  for (const format of ['ndjson', 'csv']) {
    const file = at(`catalogue.${format}`);
    const written = await reported(['export', 'catalogue', '--out', file]);
    assert.equal(written['resource'], 2);
    const { service_type, customer } = await reported(['import', file]);
    assert.deepEqual(service_type, { created: 0, updated: 3 }, format);
    assert.deepEqual(customer, { created: 0, updated: 1 });
  }
  const [customer] = catalogue.customers;
  const { body } = await send(`GET /v1/customers/${customer?.id}`);
  assert.equal(body['name'], customer?.name);
  await writeFile(at('bad.json'), JSON.stringify({ locations: [{ id: 'x', name: 'X' }] }));
  const bad = await slotwright(['import', at('bad.json')]);
  assert.equal(bad.status, 1);
  assert.match(bad.err, /time_zone/);
});

test(
  '`book` takes appointments (NDJSON or CSV) and posts them through the HTTP API with bounded ' +
    'concurrency, safe to run again, and reports accepted, refused with reasons, latency ' +
    'percentiles',
  async () => {
    const customer_id = catalogue.customers[0]?.id;
    const row = (changes: object = {}): object => ({
      ...{ customer_id, service_type: 'massage', location: 'hall', ...freshHour(), ...changes },
    });
    const taken = row();
    const rows = [taken, row(), row(), taken, row({ resource_id: 'nobody' })];
    const keyed = rows.map((each, index) => ({
      ...each,
      idempotency_key: `row-${index}-of-the-file`,
    }));
    await writeFile(at('a.ndjson'), keyed.map((each) => JSON.stringify(each)).join('\n'));
    const columns = Object.keys(keyed[0] ?? {});
    const cells = keyed.map((each) =>
      columns.map((name) => (each as Record<string, string>)[name]).join(','),
    );
    await writeFile(at('a.csv'), [columns.join(','), ...cells.slice(0, 4)].join('\n'));

    const first = await reported(['book', at('a.ndjson'), '--concurrency', '1']);
    assert.deepEqual([first['accepted'], first['replayed'], first['failed_total']], [3, 0, 0]);
    const reasons = { 'no-room': 1, 'unknown-resource': 1 };
    assert.deepEqual(first['refused'], { total: 2, reasons });
    const latency = first['latency_ms'] as Record<string, number>;
    for (const percentile of ['p50', 'p95', 'p99']) {
      assert.ok((latency[percentile] ?? 0) > 0, JSON.stringify(first));
    }
    const again = await reported(['book', at('a.csv'), '--concurrency', '4']);
    assert.deepEqual([again['accepted'], again['replayed']], [3, 4], 'the same keys');
    const listed = await send(`GET /v1/appointments?customer_id=${customer_id}&limit=200`);
    assert.equal((listed.body['items'] as object[]).length, 4);
  },
);

test('`--url`, `--key`; default from `HOST`/`PORT`, `SLOTWRIGHT_API_KEY`, the data folder', async () => {
  const { url, key } = contract.service;
  const what = ['export', 'catalogue'];
  const nowhere = { PORT: '1', SLOTWRIGHT_API_KEY: '' };
  const named = await slotwright([...what, '--url', url, '--key', key], nowhere);
  assert.equal(named.status, 0, named.err);
  const byDefault = await slotwright(what);
  assert.equal(byDefault.out, named.out);
  await writeFile(at('api-key'), `${key}\n`, { mode: 0o600 });
  const kept = await slotwright(what, { SLOTWRIGHT_API_KEY: '', SLOTWRIGHT_DATA: folder });
  assert.equal(kept.out, named.out, kept.err);
  const without = await slotwright(what, { SLOTWRIGHT_API_KEY: '' });
  assert.equal(without.status, 1);
  assert.match(without.err, /^slotwright: no API key.*\n$/);
});

test('`keys` and `db` speak to the database', async () => {
  const env = { DATABASE_URL: contract.database.url, PORT: '1', SLOTWRIGHT_API_KEY: '' };
  const made = await reported(['keys', 'create', '--scopes', 'appointments:read'], env);
  const key = String(made['key']);
  assert.equal((await send('GET /v1/locations', { key })).status, 200);
  assert.equal((await send('POST /v1/appointments', { key })).status, 403);
  const { items } = (await reported(['keys', 'list'], env)) as { items: { id: string }[] };
  assert.ok(items.some(({ id }) => id === made['id']));
  const revoked = await reported(['keys', 'revoke', String(made['id'])], env);
  assert.equal(revoked['revoked'], true);
  assert.deepEqual(await reported(['db', 'upgrade'], env), {
    applied: [],
    row_security_gap: null,
  });
});

test('exit status 0 done, 1 failed, 2 wrong usage', async () => {
  const usages: [number, string[]][] = [
    [0, ['--help']],
    [0, ['config']],
    [0, ['book', '--help']],
    [2, ['no-such-command']],
    [2, ['config', '--no-such-option']],
    [2, ['import']],
    [2, ['book', at('a.txt')]],
    [2, ['export', '--from', 'yesterday']],
    [2, ['export', '--url', 'ftp://x']],
    [2, ['keys', 'create', '--scopes', 'everything']],
    [1, ['import', at('not-there.json')]],
    [1, ['export', '--key', 'not-a-key-of-ours-at-all']],
  ];
  const outcomes = [];
  for (const [status, args] of usages) {
    const ran = await slotwright(args);
    outcomes.push([ran.status, args]);
    if (status > 0) assert.match(ran.err, /^(slotwright|error): [^\n]+\n/, args.join(' '));
  }
  assert.deepEqual(outcomes, usages);
});

test('`--json` on every command', () => {
  const program = createProgram({ terminal: {}, environment: {} } as never);
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
  const commands = leaves(program);
  assert.ok(commands.length >= 8);
  for (const command of commands) {
    assert.ok(
      command.options.some(({ long }) => long === '--json'),
      command.name(),
    );
  }
});
