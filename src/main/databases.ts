import type { Settings } from '../contract/settings.ts';
import type { DataFolder } from '../io/data-folder.ts';
import { startEmbeddedPostgres } from '../io/embedded-postgres.ts';
import type { Log } from '../io/log.ts';
import { openDatabase, type Database, type DatabaseOptions } from '../io/postgres.ts';
import { openTenantReads, type TenantReads } from '../io/tenant-reads.ts';
import { netRoles, tellTenant, type RowSecurity } from '../store/row-security.ts';
import { settleSchema } from './settle-schema.ts';

export interface Databases {
  /** For everything but the batches. */
  general: Database;
  hot: Database;
  /** For what shows that this process lives. */
  leases: Database;
  /** For requests: each read sees its tenant alone. */
  reads: TenantReads;
  /** For the few reads of requests that are no tenant's; migration 0007 lists them. */
  directory: Database;
  embedded: boolean;
  /** Resolves only when the embedded server died and could not be brought back. */
  failed: Promise<Error>;
  close(): Promise<void>;
}

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
  try {
    const security = await settleSchema(url, settings, log);
    const pools = openPools(url, { security, settings, log });
    const close = async (): Promise<void> => {
      await Promise.all(Object.values(pools).map((pool) => pool.close()));
      await embedded?.stop();
    };
    const failed = embedded?.failed ?? new Promise<never>(() => undefined);
    return { ...pools, embedded: embedded !== undefined, failed, close };
  } catch (error) {
    await embedded?.stop().catch(() => undefined);
    throw error;
  }
}

type Pools = Pick<Databases, 'general' | 'hot' | 'leases' | 'reads' | 'directory'>;

/** Each connects when it is first used, and so the last two only where there is an api. */
function openPools(
  url: string,
  { security, settings, log }: { security: RowSecurity; settings: Settings; log: Log },
): Pools {
  const { gap, searchPath } = security;
  const isNetOn = gap === undefined;
  // The locks of a process that stands still must not outlive its leases.
  const idleLimit = `idle_in_transaction_session_timeout=${settings.leaseSeconds}s`;
  const optionsFor = (
    role: keyof typeof netRoles,
    pool: { name?: string; maxConnections: number; settings: string[] },
  ): DatabaseOptions => ({
    url,
    applicationName: pool.name === undefined ? 'slotwright' : `slotwright ${pool.name}`,
    maxConnections: pool.maxConnections,
    // By default the schema named like the role would come first, and the role is another now.
    settings: isNetOn ? [...pool.settings, setting('search_path', searchPath)] : pool.settings,
    role: isNetOn ? netRoles[role] : undefined,
    onIdleError: (error) => log.debug({ err: error }, 'idle connection lost'),
  });
  const general = { maxConnections: 10, settings: ['jit=off', idleLimit] };
  const hot = { name: 'batches', maxConnections: 10, settings: [...hotSettings, idleLimit] };
  // A lease that waited behind requests for a connection would run out under load.
  const leases = { name: 'leases', maxConnections: 2, settings: ['jit=off'] };
  const reads = { name: 'reads', maxConnections: 8, settings: ['jit=off'] };
  const directory = { name: 'directory', maxConnections: 2, settings: ['jit=off'] };
  return {
    general: openDatabase(optionsFor('writer', general)),
    hot: openDatabase(optionsFor('writer', hot)),
    leases: openDatabase(optionsFor('writer', leases)),
    reads: openTenantReads({ ...optionsFor('reader', reads), tell: tellTenant }),
    directory: openDatabase(optionsFor('directory', directory)),
  };
}

function setting(name: string, value: string): string {
  return `${name}=${value.replace(/[\\ ]/g, '\\$&')}`;
}
