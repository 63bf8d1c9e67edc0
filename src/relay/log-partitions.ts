import { pollingLoop, type PollingLoop } from '../io/polling-loop.ts';
import { dropEventLogPartitions, makeEventLogPartitions } from '../store/write/event-log.ts';
import { refreshEpoch } from '../store/write-epoch.ts';
import type { RelayDependencies } from './dependencies.ts';

const dayMs = 86_400_000;

/** Keeps the event log's partitions ahead of time and drops old ones: at start and daily. */
export function logPartitions(dependencies: RelayDependencies): PollingLoop {
  const { database, config, epoch, log } = dependencies;
  const component = 'relay-partitions';
  return pollingLoop({
    ...dependencies,
    name: component,
    busyPauseMs: dayMs,
    recover: (error) => refreshEpoch(epoch, error),
    turn: async () => {
      const made = await makeEventLogPartitions(database, config.weeksAhead);
      if (made > 0) log.info({ component, made }, 'event log extended');
      const dropped = await dropEventLogPartitions(database, epoch.current(), config.keepLogDays);
      if (dropped > 0) log.info({ component, dropped }, 'old weeks of the event log dropped');
      return 'some';
    },
  });
}
