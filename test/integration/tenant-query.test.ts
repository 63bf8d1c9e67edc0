import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import type { Statement } from '../../src/io/postgres.ts';
import { openTenantReads, type TenantReads } from '../../src/io/tenant-reads.ts';
import { TenantQuery } from '../../src/io/tenant-query.ts';
import { tellTenant } from '../../src/store/row-security.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

type Row = Record<string, unknown>;

let store: TestDatabase;
/** One connection, which goes on after an error; a pool would take another. */
let client: pg.Client;
let reads: TenantReads;

before(async () => {
  store = await freshDatabase();
  const pool = { url: store.url, applicationName: 'tenants', maxConnections: 3 };
  reads = openTenantReads({ ...pool, tell: tellTenant });
});
afterEach(() => client.end());
beforeEach(async () => {
  client = new pg.Client({ connectionString: store.url });
  client.on('error', () => undefined);
  await client.connect();
});
after(async () => {
  await reads.close();
  await store.drop();
});

const told: Statement<Row> = {
  name: 'test_told',
  text: `SELECT current_setting('slotwright.tenant', true) AS tenant, $1::text AS value,
    pg_backend_pid() AS pid`,
};

/** As the pool hands it to a connection. */
function run(asked: Statement<Row>, tenantId = 'a', values: unknown[] = ['x']): Promise<Row[]> {
  const query = new TenantQuery({ tell: tellTenant, tenantId, asked }, values);
  return new Promise((resolve, reject) => {
    const answer = (error: Error | null, result: pg.QueryResult<Row>): void =>
      error === null ? resolve(result.rows) : reject(error);
    (client.query as unknown as (query: TenantQuery, answer: unknown) => void)(query, answer);
  });
}

/** Without one it is null, or empty once there has been one. */
async function tenantLeft(): Promise<unknown> {
  const { rows } = await client.query<Row>(
    `SELECT coalesce(current_setting('slotwright.tenant', true), '') AS tenant`,
  );
  return rows[0]?.['tenant'];
}

async function prepared(): Promise<string[]> {
  const sql = 'SELECT name FROM pg_prepared_statements ORDER BY name';
  return (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
}

test('a statement is run with its tenant, and whatever comes next has none', async () => {
  assert.equal(await tenantLeft(), '');
  const [row] = await run(told);
  assert.deepEqual([row?.['tenant'], row?.['value']], ['a', 'x']);
  assert.equal(await tenantLeft(), '');
  assert.equal((await run(told, 'b'))[0]?.['tenant'], 'b');
});

test('both halves are prepared once, whatever follows', async () => {
  for (const tenant of ['a', 'b', 'a']) await run(told, tenant);
  assert.deepEqual(await prepared(), ['tell_tenant', 'test_told']);
  const { rows } = await client.query<Row>(
    'SELECT generic_plans + custom_plans AS runs FROM pg_prepared_statements ORDER BY name',
  );
  assert.deepEqual(
    rows.map(({ runs }) => Number(runs)),
    [3, 3],
  );
});

const failing: Record<string, [Statement<Row>, unknown[]]> = {
  'cannot be parsed': [{ name: 'test_parse', text: 'SELECT no_such_column' }, []],
  'is given a value that is none': [{ name: 'test_bind', text: 'SELECT $1::integer' }, ['x']],
  'fails while it runs': [{ name: 'test_run', text: 'SELECT 1 / $1::integer AS n' }, [0]],
};
for (const [how, [asked, values]] of Object.entries(failing)) {
  test(`a statement that ${how} leaves no tenant, and the connection as good as before`, async () => {
    await assert.rejects(run(asked, 'a', values), { severity: 'ERROR' });
    assert.equal(await tenantLeft(), '');
    assert.equal((await run(told, 'b'))[0]?.['tenant'], 'b');
    await assert.rejects(run(asked, 'a', values), { severity: 'ERROR' });
    if (asked.name === 'test_run') assert.deepEqual(await run(asked, 'a', [1]), [{ n: 1 }]);
    assert.equal((await run(told, 'b'))[0]?.['tenant'], 'b');
  });
}

test('where the tenant cannot be told the statement is not run', async () => {
  await assert.rejects(run(told, 'no\0text'), { code: '22021' });
  assert.deepEqual(await prepared(), ['tell_tenant']);
  assert.equal((await run(told, 'b'))[0]?.['tenant'], 'b');
});

test('a statement that is cancelled leaves no tenant', async () => {
  const [own] = await run(told);
  const sleeping = run({ name: 'test_sleep', text: 'SELECT pg_sleep(60)' }, 'a', []);
  const ended = assert.rejects(sleeping, { code: '57014' });
  await eventually(async () => {
    const [row] = await store.query<{ cancelled: boolean }>(
      `SELECT pg_cancel_backend(pid) AS cancelled FROM pg_stat_activity
      WHERE pid = $1 AND query ~ 'pg_sleep'`,
      [own?.['pid']],
    );
    return row?.cancelled === true;
  });
  await ended;
  assert.equal(await tenantLeft(), '');
  assert.equal((await run(told, 'b'))[0]?.['tenant'], 'b');
});

test('reads of many tenants over few connections each see their own', async () => {
  const tenants = Array.from({ length: 200 }, (_, index) => `tenant-${index}`);
  const seen = await Promise.all(tenants.map((tenant) => reads.of(tenant).run(told, [tenant])));
  for (const [index, [row]] of seen.entries()) {
    assert.deepEqual([row?.['tenant'], row?.['value']], [tenants[index], tenants[index]]);
  }
  assert.ok(new Set(seen.map(([row]) => row?.['pid'])).size <= 3);
});

test('a connection that is lost fails its read and no other', async () => {
  const [row] = await reads.of('a').run(told, ['x']);
  const sleep = { name: 'test_sleep', text: 'SELECT pg_sleep(60)' };
  const lost = assert.rejects(reads.of('a').run(sleep));
  await eventually(async () => {
    const [ended] = await store.query<{ ended: boolean }>(
      `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
      WHERE application_name = 'tenants' AND query ~ 'pg_sleep'`,
    );
    return ended?.ended === true;
  });
  await lost;
  assert.equal(row?.['tenant'], 'a');
  assert.equal((await reads.of('b').run(told, ['x']))[0]?.['tenant'], 'b');
});

test('a value that cannot be sent fails its read and no other', async () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  await assert.rejects(reads.of('a').run(told, [circular]), TypeError);
  assert.equal((await reads.of('b').run(told, ['x']))[0]?.['tenant'], 'b');
});
