import type { Settings } from '../contract/settings.ts';
import type { Log } from '../io/log.ts';
import { openDatabase, type Database } from '../io/postgres.ts';
import {
  netRoles,
  readActingRole,
  readRowSecurity,
  type RowSecurity,
} from '../store/row-security.ts';
import { describe, schemaState, upgradeSchema } from '../store/schema.ts';

/** The database is there, but not with a schema that this release can work with. */
export class SchemaError extends Error {}

/** The database of the settings cannot be reached, or does not let us in. */
export class UnreachableDatabaseError extends Error {}

/** Sees to the schema, as the login itself; answers under which roles the work can be done. */
export async function settleSchema(
  url: string,
  settings: Settings,
  log: Log,
): Promise<RowSecurity> {
  const security = await onConnection(url, async (database) => {
    await upgradeWhereAllowed(database, settings, log);
    const found = await readRowSecurity(database);
    // What was missing at the last upgrade may have been granted since.
    if (found.gap === undefined || !settings.autoMigrate) return found;
    await upgradeSchema(database);
    return readRowSecurity(database);
  });
  const gap = security.gap ?? (await lostRole(url));
  if (gap === undefined) return security;
  if (security.bound) throw new SchemaError(`row-level security shows nothing: ${gap}`);
  log.warn({ reason: gap }, 'row-level security is off: each query alone keeps tenants apart');
  return { ...security, gap };
}

async function upgradeWhereAllowed(
  database: Database,
  settings: Settings,
  log: Log,
): Promise<void> {
  const state = await schemaState(database).catch((error: unknown) => {
    throw new UnreachableDatabaseError(`the database cannot be used: ${reasonOf(error)}`);
  });
  if (state.kind === 'current') return;
  if (state.kind !== 'behind' || !settings.autoMigrate) throw new SchemaError(describe(state));
  const applied = await upgradeSchema(database);
  log.info({ applied }, 'schema upgraded');
}

/** A session is given its role when it begins, and a pooler in between may leave that out. */
async function lostRole(url: string): Promise<string | undefined> {
  const role = await onConnection(url, readActingRole, netRoles.writer);
  return role === netRoles.writer
    ? undefined
    : `a session that is to act as ${netRoles.writer} acts as ${role}`;
}

async function onConnection<T>(
  url: string,
  work: (database: Database) => Promise<T>,
  role?: string,
): Promise<T> {
  const pool = { url, applicationName: 'slotwright', maxConnections: 1, role };
  const database = openDatabase(pool);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

// The address may have a password in it, so it is not named; a refused connection to a name with
// several addresses has no message of its own.
function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message === undefined || message === '' ? String(code) : message;
}
