import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { openTenantReads, type TenantReads } from '../../src/io/tenant-reads.ts';
import { netRoles, readActingRole, tellTenant } from '../../src/store/row-security.ts';
import { statement } from '../../src/store/statement.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { openPools, type Pools } from '../support/pools.ts';
import { directoryReads, tenantReads } from '../support/tenant-reads.ts';
import { plantTenant } from '../support/two-tenants.ts';

let store: TestDatabase;
let pools: Pools;
/** As the reader, but nothing is told: a statement that went round its tenant. */
let untold: Database;
/** As the owner of the tables, whom no policy binds: the statements stand alone. */
let bare: TenantReads;

before(async () => {
  store = await freshDatabase();
  const own = { url: store.url, applicationName: 'owner', maxConnections: 1 };
  bare = openTenantReads({ ...own, tell: tellTenant });
  pools = openPools(store.url, 'net');
  untold = openDatabase({ ...own, role: netRoles.reader });
  await plantTenant(store, { tenant: 'ours', mark: 'ours', number: 41 });
  await plantTenant(store, { tenant: 'theirs', mark: 'theirs', number: 73 });
  await store.query('UPDATE outbox_shards SET last_position = 99');
});
after(async () => {
  await Promise.all([bare.close(), untold.close(), pools.close()]);
  await store.drop();
});

const tables = async (): Promise<string[]> => {
  const sql = 'SELECT name FROM own_tables WHERE of_tenants ORDER BY name';
  return (await store.query<{ name: string }>(sql)).map(({ name }) => name);
};

/** What a reader answers about a tenant that is not there. */
function nothingOf(read: (typeof tenantReads)[string]): Promise<unknown> {
  return read(pools.reads.of('nobody'), 'nobody');
}

test('every pool acts as its role', async () => {
  assert.equal(await readActingRole(pools.database), netRoles.writer);
  assert.equal(await readActingRole(pools.directory), netRoles.directory);
  assert.equal(await readActingRole(pools.reads.of('ours')), netRoles.reader);
});

test('every reader that the api and the gateway use is known to these tests', () => {
  const used = new Set<string>();
  for (const folder of ['api', 'gateway']) {
    const root = new URL(`../../src/${folder}/`, import.meta.url);
    for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
      const text = readFileSync(new URL(name, root), 'utf8');
      const imports = text.matchAll(/import \{([^}]*)\} from '[./]+\/store\/read\/[\w-]+\.ts'/g);
      for (const [, names = ''] of imports) {
        for (const one of names.split(',').map((part) => part.trim())) {
          if (one !== '' && !one.startsWith('type ')) used.add(one.split(' as ')[0] ?? one);
        }
      }
    }
  }
  const known = [...Object.keys(tenantReads), ...Object.keys(directoryReads)];
  const readers = new Set(known.map((name) => name.split(':')[0]));
  assert.deepEqual([...used].sort(), [...readers].sort());
});

test('a reader asked for its own tenant finds it', async () => {
  for (const [name, read] of Object.entries(tenantReads)) {
    for (const tenant of ['ours', 'theirs']) {
      const found = await read(pools.reads.of(tenant), tenant);
      assert.notDeepEqual(found, await nothingOf(read), name);
    }
  }
});

test('a reader asked for another tenant than the one that was told finds nothing', async () => {
  for (const [name, read] of Object.entries(tenantReads)) {
    assert.deepEqual(await read(pools.reads.of('ours'), 'theirs'), await nothingOf(read), name);
  }
});

test('without row-level security the statements alone keep tenants apart', async () => {
  for (const [name, read] of Object.entries(tenantReads)) {
    assert.deepEqual(await read(bare.of('theirs'), 'nobody'), await nothingOf(read), name);
    for (const tenant of ['ours', 'theirs']) {
      const found = await read(bare.of(tenant), tenant);
      assert.deepEqual(found, await read(pools.reads.of(tenant), tenant), `${name} of ${tenant}`);
    }
  }
});

test('every table with a tenant has rows of two here, and the reader sees those of one', async () => {
  const [{ closed } = { closed: [] }] = await store.query<{ closed: string[] }>(
    'SELECT not_for_readers() AS closed',
  );
  for (const table of await tables()) {
    const rows = statement<{ tenant_id: string }>(
      `test_rows_of_${table}`,
      `SELECT DISTINCT tenant_id FROM ${table} ORDER BY 1`,
    );
    assert.deepEqual(
      (await bare.of('ours').run(rows))
        .map(({ tenant_id }) => tenant_id)
        .filter((id) => id !== 'default'),
      ['ours', 'theirs'],
      table,
    );
    if (closed.includes(table)) {
      await assert.rejects(pools.reads.of('theirs').run(rows), /permission denied/, table);
      continue;
    }
    assert.deepEqual(await pools.reads.of('theirs').run(rows), [{ tenant_id: 'theirs' }], table);
    assert.deepEqual(await pools.reads.of('').run(rows), [], table);
    assert.deepEqual(await untold.run(rows), [], table);
  }
});
