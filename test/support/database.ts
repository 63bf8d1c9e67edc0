import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDatabase } from '../../src/io/postgres.ts';
import { upgradeSchema } from '../../src/store/schema.ts';
import { startTestCluster, type TestCluster } from './test-cluster.ts';

/** A database of a test file's own, with the product's schema and nothing else in it. */
export interface TestDatabase {
  url: string;
  name: string;
  /** One statement or, without values, a script of several. */
  query<Row extends object = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  drop(): Promise<void>;
}

// Makes the template once, whichever file of the run comes first.
const templateLock = 7305110999;
const ownRun = `p${process.pid}${randomBytes(2).toString('hex')}`;
const alive = { clones: 0 };
let cluster: TestCluster | undefined;

/**
 * Clones the run's template database, which is made on first use. Drop it when done; where no
 * global set-up runs, the last drop takes the template, and the server if it is ours, with it.
 */
export async function freshDatabase(): Promise<TestDatabase> {
  alive.clones += 1;
  const name = `slotwright_test_${randomBytes(6).toString('hex')}`;
  const server = await serverUrl();
  try {
    await clone(server, name);
  } catch (error) {
    await release();
    throw error;
  }
  const url = databaseUrl(server, name);
  const pool = new pg.Pool({ connectionString: url, max: 4, types: { getTypeParser } });
  // The server ends these sessions when the database is dropped.
  pool.on('error', () => undefined);
  return {
    url,
    name,
    query: async (sql, values) => {
      const result = await pool.query(sql, values === undefined ? undefined : [...values]);
      return (result as unknown as { rows?: never[] }).rows ?? [];
    },
    drop: async () => {
      await pool.end();
      await dropDatabase(server, name);
      await release();
    },
  };
}

async function clone(server: string, name: string): Promise<void> {
  await onServer(server, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [templateLock]);
    await makeTemplate(client, server);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName()}`);
  });
}

async function release(): Promise<void> {
  alive.clones -= 1;
  if (alive.clones === 0 && process.env['TEST_RUN_ID'] === undefined) await dropTemplate();
}

/** Drops the run's template and stops the server, if this process started one. */
export async function dropTemplate(): Promise<void> {
  const server = await serverUrl();
  await dropDatabase(server, templateName());
  await cluster?.stop();
  cluster = undefined;
}

function templateName(): string {
  return `slotwright_template_${process.env['TEST_RUN_ID'] ?? ownRun}`;
}

async function serverUrl(): Promise<string> {
  cluster ??= await startTestCluster();
  return cluster.url;
}

async function makeTemplate(client: pg.Client, server: string): Promise<void> {
  const name = templateName();
  const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (found.rowCount === 1) return;
  await client.query(`CREATE DATABASE ${name}`);
  try {
    await applyMigrations(databaseUrl(server, name));
  } catch (error) {
    // Half a template would pass for a whole one in the next file.
    await dropDatabase(server, name);
    throw error;
  }
}

async function applyMigrations(url: string): Promise<void> {
  const database = openDatabase({ url, applicationName: 'tests', maxConnections: 1 });
  try {
    await upgradeSchema(database);
  } finally {
    await database.close();
  }
}

// Only a superuser may end the sessions of a superuser, and autovacuum's worker is one of those.
async function dropDatabase(server: string, name: string): Promise<void> {
  const asSuperuser = server.replace('://slotwright@', '://postgres@');
  await onServer(asSuperuser, (client) =>
    client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  );
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'tests' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

// A server behind a socket has no host before its path, which URL refuses to parse.
function databaseUrl(server: string, name: string): string {
  return server.replace(/^(\w+:\/\/[^/?]*)(\/[^?]*)?/, `$1/${name}`);
}

// Counters stay far below 2^53, and tests compare numbers.
const getTypeParser = ((oid: number) =>
  oid === 20 ? Number : (pg.types.getTypeParser(oid) as unknown)) as never;
