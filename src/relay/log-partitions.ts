import { pollingLoop, type PollingLoop } from '../io/polling-loop.ts';
import { makeOutboxPartitions } from '../store/write/outbox.ts';
import type { RelayDependencies } from './dependencies.ts';

const dayMs = 86_400_000;

/** Keeps the event log's partitions ahead of time: at start and daily. */
export function logPartitions(dependencies: RelayDependencies): PollingLoop {
  const { database, config, log } = dependencies;
  return pollingLoop({
    ...dependencies,
    name: 'relay-partitions',
    busyPauseMs: dayMs,
    turn: async () => {
      const made = await makeOutboxPartitions(database, config.weeksAhead);
      if (made > 0) log.info({ component: 'relay-partitions', made }, 'event log extended');
      return 'some';
    },
  });
}
