import type { Settings } from '../contract/settings.ts';
import type { DataFolder } from '../io/data-folder.ts';
import { startEmbeddedPostgres } from '../io/embedded-postgres.ts';
import type { Log } from '../io/log.ts';
import { openDatabase, type Database } from '../io/postgres.ts';
import { describe, schemaState, upgradeSchema } from '../store/schema.ts';

export interface Databases {
  /** For everything but the batches. */
  general: Database;
  hot: Database;
  /** For what shows that this process lives. */
  leases: Database;
  embedded: boolean;
  /** Resolves only when the embedded server died and could not be brought back. */
  failed: Promise<Error>;
  close(): Promise<void>;
}

/** The database is there, but not with a schema that this release can work with. */
export class SchemaError extends Error {}

/** The database of the settings cannot be reached, or does not let us in. */
export class UnreachableDatabaseError extends Error {}

// A plan made while a table is small must not survive its growth as a scan of all of it: batches
// look up by index or not at all.
export const hotSettings = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_material=off',
  'enable_bitmapscan=off',
  'jit=off',
  'plan_cache_mode=force_generic_plan',
  'default_transaction_isolation=read\\ committed',
];

/** Opens the database of the settings, or the embedded one, with its schema up to date. */
export async function openDatabases(
  settings: Settings,
  folder: DataFolder,
  log: Log,
): Promise<Databases> {
  const embedded =
    settings.databaseUrl === undefined
      ? await startEmbeddedPostgres({ dataFolder: folder.path, log })
      : undefined;
  const url = settings.databaseUrl ?? embedded?.url ?? '';
  // The locks of a process that stands still must not outlive its leases.
  const idleLimit = `idle_in_transaction_session_timeout=${settings.leaseSeconds}s`;
  const onIdleError = (error: Error): void => log.debug({ err: error }, 'idle connection lost');
  const general = openDatabase({
    url,
    applicationName: 'slotwright',
    maxConnections: 10,
    settings: ['jit=off', idleLimit],
    onIdleError,
  });
  const hot = openDatabase({
    url,
    applicationName: 'slotwright batches',
    maxConnections: 10,
    settings: [...hotSettings, idleLimit],
    onIdleError,
  });
  // A lease that waited behind requests for a connection would run out under load.
  const leases = openDatabase({
    url,
    applicationName: 'slotwright leases',
    maxConnections: 2,
    settings: ['jit=off'],
    onIdleError,
  });
  const close = async (): Promise<void> => {
    await Promise.all([general.close(), hot.close(), leases.close()]);
    await embedded?.stop();
  };
  try {
    await settleSchema(general, settings, log);
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  const failed = embedded?.failed ?? new Promise<never>(() => undefined);
  return { general, hot, leases, embedded: embedded !== undefined, failed, close };
}

async function settleSchema(database: Database, settings: Settings, log: Log): Promise<void> {
  const state = await schemaState(database).catch((error: unknown) => {
    throw new UnreachableDatabaseError(`the database cannot be used: ${reasonOf(error)}`);
  });
  if (state.kind === 'current') return;
  if (state.kind !== 'behind' || !settings.autoMigrate) throw new SchemaError(describe(state));
  const applied = await upgradeSchema(database);
  log.info({ applied }, 'schema upgraded');
}

// The address may have a password in it, so it is not named; a refused connection to a name with
// several addresses has no message of its own.
function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message === undefined || message === '' ? String(code) : message;
}
