import type { EngineLink } from '../contract/engine-link.ts';
import type { ExpressLane } from '../contract/express-lane.ts';
import type { Clock } from '../io/clock.ts';
import type { Failpoints } from '../io/failpoints.ts';
import type { Log } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';
import type { Database, Queries } from '../io/postgres.ts';
import type { Random } from '../io/random.ts';
import type { TenantReads } from '../io/tenant-reads.ts';
import type { CreateRow } from '../store/write/accept-creates.ts';
import type { AcceptEpoch } from './accept-epoch.ts';

/** What the api role is given. */
export interface Dependencies {
  /** For writing, in the name of the caller's tenant. */
  database: Database;
  /** For all that is read of a tenant. */
  reads: TenantReads;
  /** For what is no tenant's, and for admins who may see all tenants. */
  directory: Queries;
  /** For the batches: index scans only, plans kept. */
  hotDatabase: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  failpoints: Failpoints;
  epoch: AcceptEpoch;
  engine: EngineLink;
  /** Past the queue of commands, where the engine runs in this process. */
  express?: ExpressLane<CreateRow> | undefined;
}
