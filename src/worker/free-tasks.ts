import { pollingLoop, type PollingLoop } from '../io/polling-loop.ts';
import { freeTasks } from '../store/write/tasks.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { refreshEpoch } from '../store/write-epoch.ts';

/**
 * Gives back the tasks of owners that are gone: killed ones as soon as their session's lock is
 * free, hung ones at the end of the lease.
 */
export function freeTasksLoop(dependencies: WorkerDependencies, onFreed: () => void): PollingLoop {
  const { database, epoch, identity, config, log } = dependencies;
  return pollingLoop({
    ...dependencies,
    name: 'worker-reaper',
    busyPauseMs: config.reaperPauseMs,
    recover: (error) => refreshEpoch(epoch, error),
    turn: async () => {
      const owner = { epoch: epoch.current(), processId: identity.processId };
      const freed = await freeTasks(database, owner);
      if (freed > 0) {
        log.info(
          { component: 'worker-reaper', freed },
          'tasks of an owner that is gone were freed',
        );
        onFreed();
      }
      return 'some';
    },
  });
}
