import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { hotSettings } from '../../src/main/databases.ts';
import { netRoles } from '../../src/store/row-security.ts';
import { declaredStatements } from '../../src/store/statement.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

const store = new URL('../../src/store/', import.meta.url);
for (const name of readdirSync(store, { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.ts') && !name.endsWith('.test.ts')) await import(new URL(name, store).href);
}

// Those that run once per batch: what they look up they look up by one of these columns.
const keys: Record<string, RegExp> = {
  appointments: /appointment_id/,
  commands: /command_id|appointment_id|region/,
  event_log: /shard|appointment_id/,
  // Few, and of one consumer.
  held_events: /appointment_id|consumer/,
  idempotency_keys: /key/,
  inbox: /appointment_id/,
  outbox: /shard/,
  // A tenant has few.
  regions: /region|tenant_id/,
  sagas: /saga_id|appointment_id/,
  slot_holds: /appointment_id/,
  tasks: /task_id|lane/,
};
const ofEngine = ['accept_decided', 'decide_batch', 'pending_by_region', 'region_position'];
const hot = [
  ...ofEngine,
  'accept_actions',
  'accept_creates',
  'claim_tasks',
  'confirm_batch',
  'confirm_outbox',
  'events_after_cursor',
  'holds_of_nobody',
  'lowest_outbox',
  'orphans_in_pages',
  'orphans_of_appointment',
  'recent_orphans',
  'releasable_events',
  'sagas_without_task',
  'standings_of_deliveries',
  'take_notifications',
  'work_of_sagas',
];

let database: TestDatabase;
before(async () => (database = await freshDatabase()));
after(() => database.drop());

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: Plan[];
}

function nodes(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

async function connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  // Policies are a part of the plan.
  const settings = [`role=${netRoles.writer}`, ...hotSettings];
  const options = settings.map((setting) => `-c ${setting}`).join(' ');
  const client = new pg.Client({ connectionString: database.url, options });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Prepares a statement and answers how many parameters it has. */
async function prepare(client: pg.Client, { name, text }: { name: string; text: string }) {
  await client.query(`PREPARE ${name} AS ${text}`);
  const { rows } = await client.query<{ n: number }>(
    `SELECT cardinality(parameter_types) AS n FROM pg_prepared_statements WHERE name = $1`,
    [name],
  );
  return rows[0]?.n ?? 0;
}

/** What is wrong with the plan that the hot pool keeps for the statement. */
async function offences(client: pg.Client, name: string): Promise<string[]> {
  const declared = declaredStatements().find((one) => one.name === name) ?? assert.fail(name);
  const count = await prepare(client, declared);
  const values = count === 0 ? '' : `(${Array<string>(count).fill('NULL').join(', ')})`;
  const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
    `EXPLAIN (FORMAT JSON) EXECUTE ${name}${values}`,
  );
  const [root] = rows[0]?.['QUERY PLAN'] ?? [];
  return nodes(root?.Plan ?? assert.fail(name)).flatMap((node) => {
    const table = (node['Relation Name'] ?? '').replace(/^event_log_.*/, 'event_log');
    const key = keys[table];
    const type = node['Node Type'];
    if (/Hash Join|Merge Join/.test(type)) return [`${name}: ${type}`];
    if (key === undefined || !/Scan/.test(type)) return [];
    // A stretch of pages, whatever is on them.
    if (type === 'Tid Range Scan') return [];
    // Only what is being worked on is in this index, and that is little.
    if (node['Index Name'] === 'tasks_leased') return [];
    const condition = node['Index Cond'] ?? 'no condition';
    return key.test(condition) ? [] : [`${name}: ${type} on ${table} by ${condition}`];
  });
}

async function offencesOf(names: string[]): Promise<string[]> {
  return connected(async (client) => {
    await client.query('SET plan_cache_mode = force_generic_plan');
    const found: string[] = [];
    for (const name of names) found.push(...(await offences(client, name)));
    return found;
  });
}

test('every statement can be prepared against the schema', async () => {
  await connected(async (client) => {
    for (const declared of declaredStatements()) {
      // Only queries can be prepared; what makes tables has run, or there would be no schema.
      if (/^\s*CREATE/.test(declared.text)) continue;
      await prepare(client, declared).catch((error: unknown) => {
        throw new Error(`${declared.name} does not fit the schema`, { cause: error });
      });
    }
  });
  assert.ok(declaredStatements().length > 50);
});

test('plans that are kept from when tables were empty look rows up by key', async () => {
  assert.deepEqual(await offencesOf(hot), []);
});

test('plans of the batches look rows up by key in tables that are full', async () => {
  await database.query(`
    INSERT INTO tenants (tenant_id, name) SELECT 't' || n, 'x' FROM generate_series(1, 20) n;
    CREATE TEMP TABLE ids AS SELECT n, gen_random_uuid() AS id, 't' || 1 + n % 3 AS tenant,
      '2030-01-01'::timestamptz + make_interval(hours => n) AS at
      FROM generate_series(1, 20000) n;
    INSERT INTO appointments (tenant_id, appointment_id, version, state, customer_id, start_at,
      end_at, service_type, region, created_at, updated_at)
      SELECT tenant, id, 2, CASE WHEN n % 10 = 0 THEN 'INIT' ELSE 'SCHEDULED' END, id, at,
        at + interval '1 hour', 'x', 'default', at, at FROM ids;
    INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, state,
      decided_at, created_at, actor)
      SELECT tenant, id, 'create', id, 'default',
        CASE WHEN n % 10 = 0 THEN 'pending' ELSE 'applied' END,
        CASE WHEN n % 10 = 0 THEN NULL ELSE at END, at, 'x' FROM ids;
    INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id, busy_start_at,
      busy_end_at, service_type) SELECT tenant, id, 'default', 'a', n % 100, at,
        at + interval '1 hour', 'x' FROM ids WHERE n % 10 > 0;
    INSERT INTO idempotency_keys (tenant_id, operation, key, content_hash, subject_id, actor,
      first_used_at) SELECT tenant, 'create', id::text, '', id, 'x', at FROM ids;
    INSERT INTO sagas (tenant_id, saga_id, kind, appointment_id, appointment_version, step,
      deadline_at) SELECT tenant, id, 'create', id, 2, 'reserve', at FROM ids WHERE n % 4 = 0;
    INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, saga_id, actor)
      SELECT tenant, (ARRAY['saga', 'notification', 'webhook', 'maintenance'])[1 + n % 4], 'x',
        id::text, id, id, 'x' FROM ids;
    INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor)
      SELECT n % 64, tenant, id, 2, 'x', '{}', 'x' FROM ids WHERE n % 4 = 0;
    INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type, event,
      created_at) SELECT n % 64, n, tenant, id, 1, 'x', '{}', at FROM ids;
    INSERT INTO held_events (consumer, tenant_id, appointment_id, version, type, event)
      SELECT 'notification', tenant, id, 2, 'x', '{}' FROM ids WHERE n % 4 = 0;
    INSERT INTO consumer_cursors (consumer, shard)
      SELECT consumer, shard FROM outbox_shards, unnest('{notification,webhook}'::text[]) consumer;
    INSERT INTO inbox (consumer, tenant_id, appointment_id, version)
      SELECT 'notification', tenant, id, 1 FROM ids;
    DROP TABLE ids;
    ANALYZE;`);
  assert.deepEqual(await offencesOf(hot), []);
});
