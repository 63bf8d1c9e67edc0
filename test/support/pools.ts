import { openDatabase, type Database } from '../../src/io/postgres.ts';
import { openTenantReads, type TenantReads } from '../../src/io/tenant-reads.ts';
import { netRoles, tellTenant } from '../../src/store/row-security.ts';

/** As a process with an api has them: each pool acts as its role. */
export interface Pools {
  database: Database;
  reads: TenantReads;
  directory: Database;
  close(): Promise<void>;
}

export function openPools(url: string, applicationName: string, maxConnections = 4): Pools {
  const pool = { url, applicationName, maxConnections };
  const database = openDatabase({ ...pool, role: netRoles.writer });
  const reads = openTenantReads({ ...pool, role: netRoles.reader, tell: tellTenant });
  const directory = openDatabase({ ...pool, role: netRoles.directory });
  const close = async (): Promise<void> => {
    await Promise.all([database.close(), reads.close(), directory.close()]);
  };
  return { database, reads, directory, close };
}
