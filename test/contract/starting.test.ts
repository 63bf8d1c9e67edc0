import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { launch } from '../support/launch.ts';
import { readiness } from '../support/service-run.ts';
import { startService, type Service, type ServiceOptions } from '../support/service.ts';

let database: TestDatabase;
let folder: string;

before(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'slotwright-starting-'));
});

after(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

async function service(t: TestContext, options: ServiceOptions): Promise<Service> {
  const started = await startService(options);
  t.after(() => started.close());
  return started;
}

async function get(path: string, { url, key }: Pick<Service, 'url' | 'key'>) {
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } });
  const text = await answer.text();
  return { status: answer.status, text, headers: answer.headers };
}

async function codesOf(list: string, of: Pick<Service, 'url' | 'key'>): Promise<string[]> {
  const { status, text } = await get(`/v1/${list}`, of);
  assert.equal(status, 200, text);
  const { items } = JSON.parse(text) as { items: { id?: string; code?: string }[] };
  return items.map(({ id, code }) => id ?? code ?? '');
}

/** What stops a start: exit status 2 and one line. */
async function complaint(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { status, err } = await launch(['start', ...args], { env });
  assert.equal(status, 2, err);
  assert.match(err, /^slotwright: [^\n]+\n$/);
  return err;
}

test(
  'An unknown `SLOTWRIGHT_*` variable or flag, or a malformed value, stops the start with one ' +
    'line that names it',
  async () => {
    const wrong: [RegExp, string[], Record<string, string>][] = [
      [/SLOTWRIGHT_ROLE /, [], { SLOTWRIGHT_ROLE: 'engine' }],
      [/PORT .*"http"/, [], { PORT: 'http' }],
      [/DATABASE_URL /, [], { DATABASE_URL: 'mysql://localhost/x' }],
      [/--no-such-flag/, ['--no-such-flag'], {}],
      [/broker/, ['--roles', 'broker'], {}],
      [/SLOTWRIGHT_API_KEY /, [], { SLOTWRIGHT_API_KEY: 'too-short' }],
    ];
    await Promise.all(
      wrong.map(async ([expected, args, env]) =>
        assert.match(await complaint(args, env), expected),
      ),
    );
  },
);

test(
  '`SLOTWRIGHT_MODE` `test` allows `FAILPOINTS` (elsewhere they stop the start); refused ' +
    'together with a non-loopback `HOST`',
  async () => {
    const failpoints = { FAILPOINTS: 'api.before-commit=crash' };
    assert.match(await complaint([], failpoints), /FAILPOINTS/);
    const anywhere = { SLOTWRIGHT_MODE: 'test', HOST: '0.0.0.0' };
    assert.match(await complaint([], anywhere), /SLOTWRIGHT_MODE/);
    const allowed = await launch(['config'], { env: { ...failpoints, SLOTWRIGHT_MODE: 'test' } });
    assert.equal(allowed.status, 0, allowed.err);
  },
);

test('A subset of roles needs `DATABASE_URL`', async () => {
  assert.match(await complaint(['--roles', 'engine']), /DATABASE_URL/);
  assert.match(await complaint([], { SLOTWRIGHT_ROLES: 'gateway,api' }), /DATABASE_URL/);
});

const defaults: Record<string, string> = {
  ...{ PORT: '8080', HOST: '127.0.0.1', ADMIN_PORT: '9464', ADMIN_HOST: '127.0.0.1' },
  ...{ SLOTWRIGHT_ROLES: 'gateway,api,engine,worker,relay', SLOTWRIGHT_EXAMPLE: '1' },
  ...{ SLOTWRIGHT_MODE: 'production', AUTO_MIGRATE: '1', LEASE_SECONDS: '2', LOG_LEVEL: 'info' },
  ...{ RETRY_BASE_MS: '200', RETRY_CAP_MS: '30000', RETRY_MAX_ATTEMPTS: '12' },
  ...{ SAGA_DEADLINE_SECONDS: '600', CALL_TIMEOUT_MS: '1500', SMTP_URL: '', DATABASE_URL: '' },
  ...{ SLOTWRIGHT_API_KEY: '', SLOTWRIGHT_DATA: './.slotwright' },
};

test('`slotwright config` prints what is in force, secrets masked', async () => {
  const inForce = async (env: Record<string, string>): Promise<Record<string, string>> => {
    const { status, out, err } = await launch(['config', '--json'], { env });
    assert.equal(status, 0, err);
    const shown = JSON.parse(out) as Record<string, { value: string }>;
    return Object.fromEntries(Object.entries(shown).map(([name, { value }]) => [name, value]));
  };
  const bare = await inForce({ SLOTWRIGHT_DATA: '' });
  for (const [name, value] of Object.entries(defaults)) assert.equal(bare[name], value, name);
  const given = {
    ...{ SLOTWRIGHT_API_KEY: 'a-key-of-some-length', PORT: '1', SLOTWRIGHT_DATA: folder },
    ...{ DATABASE_URL: 'postgres://me:sesame@db/x', SMTP_URL: 'smtp://me:sesame@mail' },
  };
  const set = await inForce(given);
  assert.deepEqual([set['PORT'], set['SLOTWRIGHT_DATA']], ['1', folder]);
  assert.equal(set['AUTO_MIGRATE'], '0', 'the default with DATABASE_URL');
  for (const name of ['SLOTWRIGHT_API_KEY', 'DATABASE_URL', 'SMTP_URL']) {
    assert.ok(set[name] !== '' && !/sesame|a-key-of/.test(set[name] ?? ''), name);
  }
  const told = await launch(['config'], { env: given });
  assert.match(told.out, /^PORT +1\b/m);
  assert.ok(!/sesame|a-key-of/.test(told.out));
});

test(
  '`AUTO_MIGRATE` `1` embedded, `0` with `DATABASE_URL`: bring the schema up to date at start; ' +
    'else refuse with the command to run',
  async (t) => {
    const empty = await freshDatabase();
    t.after(() => empty.drop());
    await empty.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public;');
    const env = { DATABASE_URL: empty.url, SLOTWRIGHT_DATA: folder, PORT: '0', ADMIN_PORT: '0' };
    const refused = await launch(['start'], { env });
    assert.equal(refused.status, 1);
    assert.match(refused.err, /^slotwright: .*slotwright db upgrade.*\n$/);
    const upgraded = await launch(['db', 'upgrade', '--json'], { env });
    assert.equal(upgraded.status, 0, upgraded.err);
    const { applied } = JSON.parse(upgraded.out) as { applied: string[] };
    assert.ok(applied.length > 0);
    const again = await launch(['db', 'upgrade', '--json'], { env });
    assert.deepEqual(
      [again.status, JSON.parse(again.out)],
      [0, { applied: [], row_security_gap: null }],
    );

    await empty.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public;');
    const started = await service(t, { databaseUrl: empty.url, env: { AUTO_MIGRATE: '1' } });
    assert.deepEqual(await codesOf('service-types', started), ['consultation', 'pickup']);
  },
);

test(
  '`SLOTWRIGHT_API_KEY`: generated when the database holds no key, printed once, kept in the ' +
    'data folder; a set value is added if absent and never replaces others. ' +
    '`SLOTWRIGHT_EXAMPLE`: on an empty embedded database, load the example catalogue. ' +
    '`SLOTWRIGHT_DATA` survives restarts',
  async (t) => {
    const env = { SLOTWRIGHT_API_KEY: '', SLOTWRIGHT_EXAMPLE: '1' };
    const started = await service(t, { env });
    const kept = (await readFile(join(started.dataFolder, 'api-key'), 'utf8')).trim();
    const generated = { url: started.url, key: kept };
    assert.ok(kept.length >= 16);
    assert.equal(started.logs().split(kept).length, 2, 'once');
    const example = await codesOf('resources', generated);
    assert.ok(example.length > 0 && (await codesOf('locations', generated)).length > 0);
    const put = await fetch(`${started.url}/v1/service-types/mine`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${kept}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Mine' }),
    });
    assert.equal(put.status, 201);

    await started.kill('SIGTERM');
    await started.restart({ SLOTWRIGHT_API_KEY: started.key });
    assert.equal(started.logs().split(kept).length, 2, 'and never again');
    for (const key of [kept, started.key]) {
      assert.ok((await codesOf('service-types', { url: started.url, key })).includes('mine'));
    }
    assert.deepEqual(await codesOf('resources', generated), example, 'the example came once');
  },
);

test('`SLOTWRIGHT_EXAMPLE` `0`: start empty', async (t) => {
  const started = await service(t, { env: { SLOTWRIGHT_EXAMPLE: '0' } });
  assert.deepEqual(await codesOf('locations', started), []);
  assert.deepEqual(await codesOf('service-types', started), ['consultation', 'pickup']);
});

test(
  '`ADMIN_PORT`, `ADMIN_HOST`: `/metrics`, `/healthz`, `/readyz`; health is on the public port ' +
    'too; several processes on one machine need their own `ADMIN_PORT`; a standby engine is ready',
  async (t) => {
    // The example is for the embedded database alone.
    const first = await service(t, { databaseUrl: database.url, env: { SLOTWRIGHT_EXAMPLE: '1' } });
    assert.deepEqual(await codesOf('locations', first), []);
    const env = { SLOTWRIGHT_ROLES: 'engine' };
    const standby = await service(t, { databaseUrl: database.url, env });
    for (const adminUrl of [first.adminUrl, standby.adminUrl]) {
      const at = { url: adminUrl, key: 'none-is-needed-here' };
      assert.equal((await get('/readyz', at)).status, 200);
      assert.equal((await get('/healthz', at)).status, 200);
      const metrics = await get('/metrics', at);
      assert.match(metrics.text, /^# TYPE slotwright_\w+ /m);
      assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain/);
    }
    assert.equal((await get('/healthz', first)).status, 200);
    assert.equal((await get('/readyz', first)).status, 200);
    assert.equal((await get('/metrics', first)).status, 404);
    await assert.rejects(fetch(`${standby.url}/healthz`), 'an engine alone has no public edge');
  },
);

test('`slotwright start --roles engine` likewise', async () => {
  const unreachable = { DATABASE_URL: 'postgres://127.0.0.1:1/none', SLOTWRIGHT_DATA: folder };
  const env = { ...unreachable, SLOTWRIGHT_ROLES: 'nonsense' };
  const { status, err } = await launch(['start', '--roles', 'engine'], { env });
  assert.equal(status, 1, 'the flag goes before the variable, and is taken');
  assert.match(err, /^slotwright: the database cannot be used: /);
});

test('`readyz` is 503 with the reason while draining', async (t) => {
  const { url, adminUrl, key, kill } = await service(t, { databaseUrl: database.url });
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({ name: 'Slow' });
  const socket = connect({ host: hostname, port: Number(port) });
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => (received += text));
  // A request whose body is slow to come holds the process for a moment.
  socket.write(
    `PUT /v1/customers/7d444840-9dc0-41d1-b245-5ffdce74fad2 HTTP/1.1\r\nhost: x\r\n` +
      `authorization: Bearer ${key}\r\ncontent-type: application/json\r\n` +
      `expect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  await eventually(() => received.startsWith('HTTP/1.1 100 '));
  const ended = kill('SIGTERM');
  const draining = await eventually(async () => {
    const state = await readiness(adminUrl);
    return state.status === 503 ? state : undefined;
  });
  assert.match(draining.reasons.join(), /draining|stopping/);
  socket.write(body);
  await eventually(() => /\nHTTP\/1\.1 201 /.test(received));
  socket.destroy();
  await ended;
});
