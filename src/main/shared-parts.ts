import type { Settings } from '../contract/settings.ts';
import { systemClock, type Clock } from '../io/clock.ts';
import { Failpoints } from '../io/failpoints.ts';
import type { Log } from '../io/log.ts';
import { createMetrics, type Metrics } from '../io/metrics.ts';
import type { Database, Queries } from '../io/postgres.ts';
import { operatingProcess } from '../io/process.ts';
import { systemRandom, type Random } from '../io/random.ts';
import type { TenantReads } from '../io/tenant-reads.ts';
import { readRecipientKey } from '../store/read/recipient-key.ts';
import { createWriteEpoch, type WriteEpoch } from '../store/write-epoch.ts';
import type { Closers } from './closers.ts';
import type { Databases } from './databases.ts';
import { ProcessSession } from './process-session.ts';
import { release } from './release.ts';

/** What every role of the process is given; each takes what it declares. */
export interface SharedParts {
  database: Database;
  hotDatabase: Database;
  leaseDatabase: Database;
  reads: TenantReads;
  directory: Queries;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  failpoints: Failpoints;
  epoch: WriteEpoch;
  identity: ProcessSession;
  recipientKey: string;
}

/** Registers the process and opens what its roles share. */
export async function openSharedParts(
  settings: Settings,
  opened: { databases: Databases; log: Log; closers: Closers },
): Promise<SharedParts> {
  const { databases, log, closers } = opened;
  const database = databases.general;
  const epoch = createWriteEpoch(database);
  await epoch.refresh();
  const identity = new ProcessSession({
    database: databases.leases,
    clock: systemClock,
    log,
    identity: {
      processId: systemRandom.uuidV7(),
      roles: settings.roles,
      host: operatingProcess.host,
      pid: operatingProcess.pid,
      version: release,
      internalUrl: null,
    },
  });
  closers.add('process session', () => identity.stop());
  await identity.start();
  return {
    database,
    hotDatabase: databases.hot,
    leaseDatabase: databases.leases,
    reads: databases.reads,
    directory: databases.directory,
    clock: systemClock,
    random: systemRandom,
    log,
    metrics: createMetrics(),
    failpoints: new Failpoints(settings.failpoints),
    epoch,
    identity,
    recipientKey: await readRecipientKey(database),
  };
}
