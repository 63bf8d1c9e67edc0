import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { parseSettings } from '../../src/contract/settings.ts';
import type { DataFolder } from '../../src/io/data-folder.ts';
import { createLog } from '../../src/io/log.ts';
import { openDatabase, type Database, type Queries } from '../../src/io/postgres.ts';
import { openDatabases } from '../../src/main/databases.ts';
import { SchemaError, settleSchema } from '../../src/main/settle-schema.ts';
import { netRoles, readActingRole, readRowSecurity } from '../../src/store/row-security.ts';
import { upgradeSchema } from '../../src/store/schema.ts';
import { declaredStatements, statement } from '../../src/store/statement.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { openPools, type Pools } from '../support/pools.ts';
import { startService } from '../support/service.ts';

const denied = { code: '42501' };
const log = createLog('silent', 'test');
const everyRole = Object.values(netRoles).join(', ');

let store: TestDatabase;
let pools: Pools;
let statements = 0;

before(async () => {
  store = await freshDatabase();
  pools = openPools(store.url, 'roles');
});
after(async () => {
  await pools.close();
  await store.drop();
});

function run(queries: Queries, text: string): Promise<unknown> {
  statements += 1;
  return queries.run(statement(`test_right_${statements}`, text));
}

async function tables(): Promise<string[]> {
  const rows = await store.query<{ name: string }>('SELECT name FROM own_tables ORDER BY name');
  return rows.map(({ name }) => name);
}

test('the schema as it is upgraded is under row-level security', async () => {
  const login = openDatabase({ url: store.url, applicationName: 'login', maxConnections: 1 });
  assert.equal((await readRowSecurity(login)).gap, undefined);
  await login.close();
  const [open] = await store.query<{ names: string[] | null }>(
    'SELECT array_agg(name::text) AS names FROM own_tables WHERE of_tenants AND NOT guarded',
  );
  assert.equal(open?.names, null);
});

test('the reader and the directory write nothing', async () => {
  for (const table of await tables()) {
    for (const queries of [pools.reads.of('default'), pools.directory]) {
      await assert.rejects(run(queries, `INSERT INTO ${table} DEFAULT VALUES`), denied, table);
      await assert.rejects(run(queries, `DELETE FROM ${table}`), denied, table);
    }
  }
  for (const { name } of await store.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relispartition AND relkind = 'r'`,
  )) {
    await assert.rejects(run(pools.reads.of('default'), `SELECT FROM ${name}`), denied, name);
  }
});

test('the directory reads what is of no tenant, the tenants and their keys, and no more', async () => {
  const readable = await store.query<{ name: string }>(
    `SELECT name FROM own_tables WHERE has_table_privilege($1::text, oid, 'SELECT') ORDER BY name`,
    [netRoles.directory],
  );
  assert.deepEqual(
    readable.map(({ name }) => name),
    ['api_keys', 'outbox_shards', 'processes', 'tenants'],
  );
});

test('the writer changes no schema, no policy, no epoch and nothing that only grows', async () => {
  const refused = [
    'DROP TABLE tasks',
    'TRUNCATE tasks',
    'ALTER TABLE tasks DISABLE ROW LEVEL SECURITY',
    'DROP POLICY of_the_tenant_told ON tasks',
    'UPDATE write_epoch SET epoch = 9',
    'UPDATE installation SET created_at = now()',
    'DELETE FROM schema_migrations',
    'UPDATE appointment_history SET version = 1',
    'DELETE FROM appointment_history',
    'UPDATE event_log SET version = 1',
    'DELETE FROM event_log',
    'CREATE TABLE mine (a integer)',
    `SELECT change_write_epoch('read-only', 'x')`,
  ];
  for (const text of refused) await assert.rejects(run(pools.database, text), denied, text);
});

const parametersOf = statement<{ count: number }>(
  'test_parameters_of',
  `SELECT cardinality(parameter_types) AS count FROM pg_prepared_statements WHERE name = $1`,
);

// Said as the login, by whoever looks after the database.
const ofTheLogin = ['migrations_create_table', 'settle_row_security', 'erase_history_texts'];
// The writer has the log itself.
const ofTheReader = ['events_after_positions'];

test('the writer may run every statement of the store', async () => {
  const root = new URL('../../src/store/', import.meta.url);
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.ts')) await import(new URL(name, root).href);
  }
  const known = declaredStatements().filter(({ name }) => !/^test_/.test(name));
  assert.ok(known.length > 100);
  await pools.database.transaction(async (queries) => {
    for (const { name, text } of known) {
      if ([...ofTheLogin, ...ofTheReader].includes(name)) continue;
      await queries.script(`PREPARE ${name} AS ${text}`);
      const [prepared] = await queries.run(parametersOf, [name]);
      const nulls = Array<string>(prepared?.count ?? 0).fill('NULL');
      const values = nulls.length === 0 ? '' : `(${nulls.join(', ')})`;
      // Rights are looked at where the plan is made ready to run, and it is not run.
      await queries.script(`EXPLAIN EXECUTE ${name}${values}`).catch((cause: unknown) => {
        throw new Error(name, { cause });
      });
    }
  });
  const [closed] = await store.query<{ names: string[] | null }>(
    `SELECT array_agg(sequencename::text) AS names FROM pg_sequences
      WHERE NOT has_sequence_privilege($1::text, sequencename::regclass, 'USAGE')`,
    [netRoles.writer],
  );
  assert.equal(closed?.names, null);
});

interface Stranger {
  name: string;
  url: string;
  query: TestDatabase['query'];
  drop(): Promise<void>;
}

/** A login of its own, and a database in which it owns the schema that bears its name. */
async function stranger(): Promise<Stranger> {
  const name = `net_${randomBytes(6).toString('hex')}`;
  await store.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'; GRANT ${name} TO CURRENT_USER`);
  await store.query(`CREATE DATABASE ${name} OWNER ${name}`);
  const url = store.url
    .replace(/\/\/([^@/]*@)?/, `//${name}:${name}@`)
    .replace(`/${store.name}`, `/${name}`);
  await withLogin(url, (login) => run(login, `CREATE SCHEMA ${name}`));
  return {
    ...{ name, url, query: store.query },
    drop: async () => {
      await store.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await store.query(`DROP ROLE ${name}`);
    },
  };
}

async function withLogin<T>(url: string, work: (login: Database) => Promise<T>): Promise<T> {
  const login = openDatabase({ url, applicationName: 'stranger', maxConnections: 1 });
  try {
    return await work(login);
  } finally {
    await login.close();
  }
}

test('an upgrade that may not act as the roles is done all the same, and says so', async () => {
  const { name, url, drop } = await stranger();
  try {
    const settings = parseSettings({ DATABASE_URL: url, AUTO_MIGRATE: '1' });
    assert.ok((await withLogin(url, upgradeSchema)).length > 0);
    const off = await settleSchema(url, settings, log);
    assert.match(off.gap ?? '', new RegExp(`^${name} may not act as slotwright_reader, `));
    assert.equal(off.bound, false);
    const without = await openDatabases(settings, {} as DataFolder, log);
    assert.equal(await readActingRole(without.general), name);
    assert.equal(
      (await run(without.reads.of('default'), 'SELECT FROM tenants')) !== undefined,
      true,
    );
    await without.close();

    await store.query(`GRANT ${everyRole} TO ${name}`);
    const opened = await openDatabases(settings, {} as DataFolder, log);
    const { general, hot, leases, reads, directory } = opened;
    for (const pool of [general, hot, leases]) {
      assert.equal(await readActingRole(pool), netRoles.writer);
    }
    assert.equal(await readActingRole(reads.of('default')), netRoles.reader);
    assert.equal(await readActingRole(directory), netRoles.directory);
    // In the schema named like the login, where another role would not look by itself.
    assert.deepEqual(await run(reads.of('default'), 'SELECT tenant_id FROM tenants'), [
      { tenant_id: 'default' },
    ]);
    assert.deepEqual(await run(reads.of('other'), 'SELECT tenant_id FROM tenants'), []);
    await opened.close();
  } finally {
    await drop();
  }
});

test('a login that policies bind and that may not act as the roles does not start', async () => {
  const { name, url, drop } = await stranger();
  const theirs = url.replace(new RegExp(`/${name}(?=\\?|$)`), `/${store.name}`);
  try {
    await store.query(`GRANT SELECT ON schema_migrations TO ${name}`);
    await assert.rejects(
      settleSchema(theirs, parseSettings({ DATABASE_URL: theirs }), log),
      (error) => error instanceof SchemaError && error.message.includes(`${name} may not act as`),
    );
  } finally {
    await store.query(`REVOKE SELECT ON schema_migrations FROM ${name}`);
    await drop();
  }
});

test('databases of one server that are upgraded at once make each role once', async () => {
  const tag = randomBytes(4).toString('hex');
  const roles = ['a', 'b', 'c'].map((part) => `net_${tag}_${part}`);
  const clones = await Promise.all([1, 2, 3, 4].map(() => freshDatabase()));
  try {
    for (const clone of clones) {
      await clone.query(`CREATE OR REPLACE FUNCTION net_roles() RETURNS text[] LANGUAGE sql
        IMMUTABLE AS $$ SELECT '{${roles.join(',')}}'::text[] $$`);
    }
    await Promise.all(clones.map((clone) => clone.query('SELECT ensure_net_roles()')));
    const [made] = await store.query<{ usable: number }>(
      'SELECT count(*) AS usable FROM unnest($1::text[]) r WHERE may_act_as(r)',
      [roles],
    );
    assert.equal(made?.usable, 3);
  } finally {
    for (const role of roles) await store.query(`DROP ROLE IF EXISTS ${role}`);
    await Promise.all(clones.map((clone) => clone.drop()));
  }
});

test('options in the address of the database stay, beside the role', async () => {
  const url = `${store.url}${store.url.includes('?') ? '&' : '?'}options=-c%20work_mem%3D5MB`;
  const database = openDatabase({
    ...{ url, applicationName: 'options', maxConnections: 1 },
    role: netRoles.writer,
  });
  const shown = await run(database, `SELECT current_setting('work_mem') AS memory`);
  assert.deepEqual(shown, [{ memory: '5MB' }]);
  assert.equal(await readActingRole(database), netRoles.writer);
  await database.close();
});

test('the service in a process of its own reads as the reader', async () => {
  const service = await startService({ databaseUrl: store.url });
  try {
    const ask = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${service.key}` };
      return (await fetch(`${service.url}/v1/service-types`, { headers })).status;
    };
    assert.equal(await ask(), 200);
    await store.query(`REVOKE SELECT ON service_types FROM ${netRoles.reader}`);
    assert.equal(await ask(), 500);
    await store.query(`GRANT SELECT ON service_types TO ${netRoles.reader}`);
    assert.equal(await ask(), 200);
  } finally {
    await service.close();
  }
});
