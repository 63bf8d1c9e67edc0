import { pollingLoop, type PollingLoop } from '../io/polling-loop.ts';
import { countReadyTasks } from '../store/read/tasks.ts';
import type { WorkerDependencies } from './dependencies.ts';

const countUpTo = 100_000;

/** Keeps the gauges of the queue current. */
export function taskGauges(dependencies: WorkerDependencies): PollingLoop {
  const { database, metrics, config } = dependencies;
  return pollingLoop({
    ...dependencies,
    name: 'worker-gauges',
    busyPauseMs: config.gaugePauseMs,
    turn: async () => {
      for (const { lane, ready } of await countReadyTasks(database, countUpTo)) {
        metrics.tasksReady.set({ lane }, ready);
      }
      return 'some';
    },
  });
}
