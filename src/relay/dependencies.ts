import type { Bus } from '../io/bus/bus.ts';
import type { Clock } from '../io/clock.ts';
import type { Failpoints } from '../io/failpoints.ts';
import type { Log } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';
import type { Database } from '../io/postgres.ts';
import type { WriteEpoch } from '../store/write-epoch.ts';
import type { RelayConfig } from './config.ts';

export interface RelayDependencies {
  database: Database;
  hotDatabase: Database;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  failpoints: Failpoints;
  epoch: WriteEpoch;
  /** This process; `sessionKey` may change when its session had to be opened anew. */
  identity: { readonly processId: string; readonly sessionKey: number | null };
  bus: Bus;
  config: RelayConfig;
  /** Called after events were appended to the log, for readers in this process. */
  onAppended?: () => void;
}
