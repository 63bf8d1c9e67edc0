import { pollingLoop, type PollingLoop } from '../io/polling-loop.ts';
import { sweepIdempotencyKeys, sweepInboxRows } from '../store/write/sweep.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { refreshEpoch } from '../store/write-epoch.ts';

const limit = 1_000;

/** Deletes what has been kept long enough, in small batches so that nobody waits for it. */
export function maintenanceLoop(dependencies: WorkerDependencies): PollingLoop {
  const { database, epoch, config } = dependencies;
  return pollingLoop({
    ...dependencies,
    name: 'worker-maintenance',
    busyPauseMs: config.sweepPauseMs,
    recover: (error) => refreshEpoch(epoch, error),
    turn: async () => {
      const olderThanHours = config.keepKeysHours;
      const olderThanDays = config.keepInboxDays;
      const keys = await sweepIdempotencyKeys(database, epoch.current(), { olderThanHours, limit });
      const rows = await sweepInboxRows(database, epoch.current(), { olderThanDays, limit });
      return keys === limit || rows === limit ? 'full' : 'some';
    },
  });
}
