import type { Clock } from '../io/clock.ts';
import type { Failpoints } from '../io/failpoints.ts';
import type { Log } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';
import type { Database } from '../io/postgres.ts';
import type { Random } from '../io/random.ts';
import type { WriteEpoch } from '../store/write-epoch.ts';
import type { EngineConfig } from './config.ts';

export interface EngineDependencies {
  database: Database;
  /** For the batches: index scans only, plans kept. */
  hotDatabase: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  failpoints: Failpoints;
  epoch: WriteEpoch;
  config: EngineConfig;
  /** This process; `sessionKey` may change when its session had to be opened anew. */
  identity: { readonly processId: string; readonly sessionKey: number | null };
  /** Called after every commit: there is work for the worker and the relay. */
  onCommitted: () => void;
}
