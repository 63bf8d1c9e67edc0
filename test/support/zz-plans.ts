import { readdirSync } from 'node:fs';
import pg from 'pg';
import { declaredStatements } from '../../src/store/statement.ts';
import { hotSettings } from '../../src/main/databases.ts';
for (const f of readdirSync('/work/main/src/store', { recursive: true }) as string[]) if (/\.ts$/.test(f) && !/test\.ts$/.test(f)) await import('/work/main/src/store/' + f);
const hot = 'accept_creates accept_actions decide_batch pending_by_region region_position claim_tasks work_of_sagas confirm_batch make_cursors events_after_cursor take_notifications lowest_outbox confirm_outbox'.split(' ');
const c = new pg.Client({ connectionString: process.argv[2], options: hotSettings.map((s) => `-c ${s}`).join(' ') });
await c.connect();
await c.query("SET plan_cache_mode = force_generic_plan");
function walk(p: any, f: (p: any) => void) { f(p); for (const q of p.Plans ?? []) walk(q, f); }
for (const s of declaredStatements()) {
  if (!hot.includes(s.name)) continue;
  await c.query(`PREPARE "${s.name}" AS ${s.text}`);
  const { rows: [r] } = await c.query('SELECT cardinality(parameter_types) n FROM pg_prepared_statements WHERE name = $1', [s.name]);
  const { rows } = await c.query(`EXPLAIN (FORMAT JSON) EXECUTE "${s.name}"${r.n ? `(${Array(r.n).fill('NULL').join(', ')})` : ''}`);
  console.log('==', s.name);
  walk(rows[0]['QUERY PLAN'][0].Plan, (p) => { if (p['Relation Name'] && /Scan/.test(p['Node Type'])) console.log('  ', p['Node Type'], p['Relation Name'], p['Index Name'], p['Index Cond'] ?? '(no cond)', p.Disabled ? 'DISABLED' : ''); if (/Hash Join|Merge Join/.test(p['Node Type'])) console.log('  ', p['Node Type']); });
}
await c.end();
