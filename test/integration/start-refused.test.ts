import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { launch } from '../support/launch.ts';

const launcher = fileURLToPath(new URL('../../bin/slotwright.js', import.meta.url));
let store: TestDatabase;
let folder: string;

before(async () => {
  store = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'slotwright-start-'));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
  await store.drop();
});

/** Starts on a database that will not do; answers the status and what it complained of. */
function startOn(url: string): Promise<{ status: unknown; complaints: string[] }> {
  const settings = { DATABASE_URL: url, SLOTWRIGHT_DATA: folder, PORT: '0', ADMIN_PORT: '0' };
  const { PATH, HOME } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [launcher, 'start'],
      { env: { PATH, HOME, ...settings }, timeout: 60_000 },
      (error, _output, complaints) => {
        const lines = complaints.split('\n').filter((line) => line !== '');
        resolve({ status: error?.code ?? 0, complaints: lines });
      },
    );
  });
}

test('a database that cannot be reached stops the start with one line', async () => {
  const nobody = createServer();
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
  const { port } = nobody.address() as AddressInfo;
  await new Promise((resolve) => nobody.close(resolve));
  const { status, complaints } = await startOn(`postgres://me:secret@127.0.0.1:${port}/x`);
  assert.equal(status, 1);
  assert.equal(complaints.length, 1, complaints.join('\n'));
  assert.match(complaints[0] ?? '', /^slotwright: the database cannot be used: .*ECONNREFUSED/);
  assert.doesNotMatch(complaints[0] ?? '', /secret/);
});

test('a database that does not exist is named in one line', async () => {
  const { status, complaints } = await startOn(store.url.replace(store.name, 'slotwright_absent'));
  assert.equal(status, 1);
  assert.deepEqual(complaints.length, 1, complaints.join('\n'));
  assert.match(complaints[0] ?? '', /slotwright_absent/);
});

test('a database on a newer schema stops the start with one line', async () => {
  await store.query(
    `INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'x', 'y')`,
  );
  const { status, complaints } = await startOn(store.url);
  assert.equal(status, 1);
  assert.deepEqual(complaints, [
    'slotwright: the database is on schema 9999, newer than this release knows',
  ]);
});

test('a crash point that does not exist stops the start with one line', async () => {
  const env = { SLOTWRIGHT_MODE: 'test', FAILPOINTS: 'relay.after-read=crash,relay.befor=hang' };
  assert.deepEqual(await launch(['start'], { env }), {
    ...{ status: 2, out: '' },
    err: 'slotwright: FAILPOINTS names "relay.befor", and there is no such crash point\n',
  });
});
