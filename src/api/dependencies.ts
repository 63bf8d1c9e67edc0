import type { EngineLink } from '../contract/engine-link.ts';
import type { Clock } from '../io/clock.ts';
import type { Failpoints } from '../io/failpoints.ts';
import type { Log } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';
import type { Database } from '../io/postgres.ts';
import type { Random } from '../io/random.ts';
import type { AcceptEpoch } from './accept-epoch.ts';

/** What the api role is given. */
export interface Dependencies {
  database: Database;
  /** For the batches: index scans only, plans kept. */
  hotDatabase: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  failpoints: Failpoints;
  epoch: AcceptEpoch;
  /** Undefined where the engine runs in other processes only. */
  engine: EngineLink | undefined;
}
