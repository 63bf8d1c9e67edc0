import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import pg from 'pg';
import { FolderInUseError, readSecret } from '../../src/io/data-folder.ts';
import { EmbeddedPostgresError, startEmbeddedPostgres } from '../../src/io/embedded-postgres.ts';
import type { EmbeddedPostgres } from '../../src/io/embedded-postgres.ts';
import { createLog } from '../../src/io/log.ts';
import { eventually } from '../support/eventually.ts';
import { holdDataFolder } from '../support/held-data-folder.ts';

const log = createLog('silent', 'test');
const isRoot = process.getuid?.() === 0;

let dataFolder: string;
let servers: EmbeddedPostgres[] = [];

beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(tmpdir(), 'slotwright-embedded-'));
});

afterEach(async () => {
  for (const server of servers) await server.stop();
  servers = [];
  await rm(dataFolder, { recursive: true, force: true });
});

async function start(folder = dataFolder): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataFolder: folder, log });
  servers.push(server);
  return server;
}

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function serverPid(): Promise<number> {
  const file = path.join(dataFolder, 'postgres/cluster/postmaster.pid');
  return Number((await readFile(file, 'utf8')).split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the embedded PostgreSQL', () => {
  test('keeps what was written from one start to the next', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS number');
    await first.stop();
    await assert.rejects(ask(first.url, 'SELECT 1'));
    const second = await start();
    assert.equal(await readSecret(dataFolder, 'database.url'), second.url);
    assert.deepEqual(await ask(second.url, 'SELECT number FROM kept'), [{ number: 7 }]);
  });

  test('is durable, in UTC and UTF-8, and gives the service no superuser', async () => {
    const { url } = await start();
    const [settings] = await ask(
      url,
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits,
              current_setting('listen_addresses') AS listens, current_setting('TimeZone') AS zone,
              current_setting('server_encoding') AS encoding,
              current_setting('is_superuser') AS su`,
    );
    assert.deepEqual(settings, {
      fsync: 'on',
      commits: 'on',
      listens: '',
      zone: 'UTC',
      encoding: 'UTF8',
      su: 'off',
    });
    await ask(url, 'CREATE EXTENSION btree_gist');
  });

  test('refuses a cluster of another major version', async () => {
    await (await start()).stop();
    await writeFile(path.join(dataFolder, 'postgres/cluster/PG_VERSION'), '17\n');
    await assert.rejects(start(), (error: Error) => {
      assert.ok(error instanceof EmbeddedPostgresError);
      assert.match(error.message, /was made by PostgreSQL 17 and this is 18/);
      return true;
    });
  });

  test('can be given up while it starts, and stopped twice', async () => {
    const stop = new AbortController();
    stop.abort();
    const given = startEmbeddedPostgres({ dataFolder, log, signal: stop.signal });
    await assert.rejects(given, /the service is stopping/);
    const server = await start();
    await Promise.all([server.stop(), server.stop()]);
    await assert.rejects(serverPid(), { code: 'ENOENT' });
  });

  test('serves where the path is too long for a socket', async () => {
    const folder = path.join(await realpath(dataFolder), 'long'.repeat(40));
    await mkdir(folder);
    // As root, the account of PostgreSQL has to get there.
    await chmod(dataFolder, 0o755);
    const { url } = await start(folder);
    await ask(url, 'SELECT 1');
    const sockets = new URL(url).searchParams.get('host') ?? '';
    assert.ok(sockets !== '' && !sockets.startsWith(folder));
    await rm(sockets, { recursive: true });
  });
});

describe('the embedded PostgreSQL after a kill', () => {
  test('of the service is stopped by the next one, which has every commit', async () => {
    const holder = holdDataFolder(dataFolder, 'database');
    await holder.says('serves');
    const url = (await readSecret(dataFolder, 'database.url')) ?? '';
    await ask(url, 'CREATE TABLE kept AS SELECT 7 AS number');
    await holder.kill();
    const orphan = await serverPid();
    const { url: again } = await start();
    assert.notEqual(await serverPid(), orphan);
    // Whoever inherits orphans has to reap it first.
    await eventually(() => !isAlive(orphan));
    assert.deepEqual(await ask(again, 'SELECT number FROM kept'), [{ number: 7 }]);
  });

  test('starts although postmaster.pid names a stranger, which it leaves alone', async () => {
    await (await start()).stop();
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    const cluster = path.join(dataFolder, 'postgres/cluster');
    const lines = [stranger.pid, cluster, 1_700_000_000, 5432, '/nowhere', '', '1 2', 'ready', ''];
    await writeFile(path.join(cluster, 'postmaster.pid'), lines.join('\n'));
    const { url } = await start();
    await ask(url, 'SELECT 1');
    assert.equal(stranger.exitCode, null);
    stranger.kill();
    await once(stranger, 'exit');
  });

  test('during initdb is made afresh', async () => {
    const drafts = async (): Promise<string[]> =>
      (await readdir(path.join(dataFolder, 'postgres'))).filter((name) => /^draft-/.test(name));
    const holder = holdDataFolder(dataFolder, 'database');
    await eventually(async () => {
      const [draft = ''] = await drafts();
      return (await readdir(path.join(dataFolder, 'postgres', draft))).includes('PG_VERSION');
    });
    await holder.kill();
    const first = await start();
    await ask(first.url, 'SELECT 1');
    await first.stop();
    await eventually(async () => {
      await (await start()).stop();
      return (await drafts()).length === 0;
    });
  });

  test('of the server comes back by itself', async () => {
    const { url } = await start();
    await ask(url, 'CREATE TABLE kept AS SELECT 7 AS number');
    const first = await serverPid();
    process.kill(first, 'SIGKILL');
    await eventually(async () => (await serverPid()) !== first && ask(url, 'SELECT 1'), 20_000);
    assert.deepEqual(await ask(url, 'SELECT number FROM kept'), [{ number: 7 }]);
  });
});

describe('as root in a folder closed to the account of PostgreSQL', { skip: !isRoot }, () => {
  let cluster = '';
  let inner = '';

  beforeEach(async () => {
    inner = path.join(dataFolder, 'inner');
    await mkdir(inner, { mode: 0o700 });
  });
  afterEach(async () => {
    for (const server of servers) await server.stop();
    if (cluster !== '') await rm(cluster, { recursive: true, force: true });
  });

  const recorded = async (): Promise<string> => {
    const text = await readFile(path.join(inner, 'cluster.json'), 'utf8');
    return (JSON.parse(text) as { cluster: string }).cluster;
  };

  test('the cluster lives elsewhere, is recorded, and is one service at a time', async () => {
    const first = await start(inner);
    cluster = await recorded();
    assert.ok((await stat(path.join(cluster, 'cluster'))).isDirectory());
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS number');

    const copy = path.join(dataFolder, 'copy');
    await cp(inner, copy, { recursive: true });
    await assert.rejects(start(copy), FolderInUseError);

    await first.stop();
    const second = await start(inner);
    assert.deepEqual(await ask(second.url, 'SELECT number FROM kept'), [{ number: 7 }]);
  });

  test('a recorded cluster that is missing is an error, not a new one', async () => {
    await (await start(inner)).stop();
    cluster = await recorded();
    await rm(cluster, { recursive: true });
    await assert.rejects(start(inner), /the database .* is missing/);
  });
});
