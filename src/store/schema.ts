import type { Database, Queries, Transaction } from '../io/postgres.ts';
import { migrationFiles, type MigrationFile } from '../io/migration-files.ts';
import { settleRowSecurity } from './row-security.ts';
import { statement } from './statement.ts';

interface Applied {
  version: number;
  checksum: string;
}

const createTable = statement<never>(
  'migrations_create_table',
  `CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now())`,
);
const lock = statement<never>('migrations_lock', 'SELECT pg_advisory_xact_lock(7305110900)');
const tableExists = statement<{ present: boolean }>(
  'migrations_table_exists',
  `SELECT to_regclass('schema_migrations') IS NOT NULL AS present`,
);
const appliedSql = `SELECT version, checksum FROM schema_migrations ORDER BY version`;
const insertSql = `INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)`;

export type SchemaState =
  | { kind: 'current' }
  | { kind: 'behind'; missing: string[] }
  | { kind: 'ahead'; version: number }
  | { kind: 'changed'; name: string };

/** Compares the database's schema with the migrations of this release. Changes nothing. */
export async function schemaState(queries: Queries): Promise<SchemaState> {
  return compare(await readApplied(queries), await migrationFiles());
}

/**
 * Brings the schema up to date in one transaction, under a lock that makes a second upgrade wait,
 * and row-level security with it, as far as the login may; `readRowSecurity` tells what came of it.
 * Returns the names of the migrations applied. Throws where the database is on a newer schema or
 * an applied migration differs from ours.
 */
export async function upgradeSchema(database: Database): Promise<string[]> {
  const files = await migrationFiles();
  return database.transaction(async (queries) => {
    await queries.run(lock);
    await queries.run(createTable);
    const applied = await readApplied(queries);
    const state = compare(applied, files);
    if (state.kind === 'ahead' || state.kind === 'changed') throw new Error(describe(state));
    const missing = files.filter((file) => file.version > (applied.at(-1)?.version ?? 0));
    for (const file of missing) await apply(queries, file);
    await settleRowSecurity(queries);
    return missing.map((file) => file.name);
  });
}

/** One line that says what is wrong and, where there is one, the command that mends it. */
export function describe(state: SchemaState): string {
  switch (state.kind) {
    case 'current':
      return 'the schema is up to date';
    case 'behind':
      return `the schema lacks ${state.missing.join(', ')}: run "npx slotwright db upgrade"`;
    case 'ahead':
      return `the database is on schema ${state.version}, newer than this release knows`;
    case 'changed':
      return `migration ${state.name} was applied in another form than this release has`;
  }
}

async function readApplied(queries: Queries): Promise<Applied[]> {
  const [exists] = await queries.run(tableExists);
  if (exists?.present !== true) return [];
  return queries.run<Applied>({ name: 'migrations_applied', text: appliedSql });
}

async function apply(queries: Transaction, file: MigrationFile): Promise<void> {
  await queries.script(file.sql);
  const values = [file.version, file.name, file.checksum];
  await queries.run({ name: 'migrations_insert', text: insertSql }, values);
}

function compare(applied: Applied[], files: MigrationFile[]): SchemaState {
  const known = new Map(files.map((file) => [file.version, file]));
  for (const { version, checksum } of applied) {
    const file = known.get(version);
    if (file === undefined) return { kind: 'ahead', version };
    if (file.checksum !== checksum) return { kind: 'changed', name: file.name };
  }
  const last = applied.at(-1)?.version ?? 0;
  const missing = files.filter((file) => file.version > last).map((file) => file.name);
  return missing.length === 0 ? { kind: 'current' } : { kind: 'behind', missing };
}
