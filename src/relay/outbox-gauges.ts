import { pollingLoop, type PollingLoop } from '../io/polling-loop.ts';
import { measureOutbox } from '../store/read/outbox.ts';
import type { RelayDependencies } from './dependencies.ts';

// Beyond this the depth is only said to be large: counting costs as much as publishing.
const countUpTo = 100_000;

/** Keeps the gauges of the outbox current. */
export function outboxGauges(dependencies: RelayDependencies): PollingLoop {
  const { database, metrics, config } = dependencies;
  return pollingLoop({
    ...dependencies,
    name: 'relay-gauges',
    busyPauseMs: config.gaugePauseMs,
    turn: async () => {
      const { depth, lagSeconds, parked } = await measureOutbox(database, countUpTo);
      metrics.outboxDepth.set(depth);
      metrics.outboxLagSeconds.set(lagSeconds);
      metrics.outboxParked.set(parked);
      return 'some';
    },
  });
}
