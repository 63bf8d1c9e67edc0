import type { Clock } from '../io/clock.ts';
import type { Failpoints } from '../io/failpoints.ts';
import type { Log } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';
import type { Database } from '../io/postgres.ts';
import type { Random } from '../io/random.ts';
import type { WriteEpoch } from '../store/write-epoch.ts';
import type { EngineConfig } from './config.ts';
import type { SagaWork } from '../store/read/saga-work.ts';
import type { TaskRow } from '../store/write/tasks.ts';

/** A saga that begins, with its task as its worker has it after a claim. */
export interface StartedSaga {
  task: TaskRow;
  work: SagaWork;
}

/** The worker of this process: gets the tasks of new sagas without having to claim them. */
export interface SagaTaker {
  /** How many it takes now. */
  room(): number;
  take(started: readonly StartedSaga[]): void;
}

export interface EngineDependencies {
  database: Database;
  /** For the batches: index scans only, plans kept. */
  hotDatabase: Database;
  /** For the leases, which must not wait for anything else. */
  leaseDatabase: Database;
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
  /** Absent where no worker runs in this process. */
  sagaTaker?: SagaTaker | undefined;
}
