import { pollingLoop } from '../io/polling-loop.ts';
import type { RelayDependencies } from './dependencies.ts';
import { logPartitions } from './log-partitions.ts';
import { outboxGauges } from './outbox-gauges.ts';
import { publishOutbox } from './publish-outbox.ts';
import { refreshEpoch } from '../store/write-epoch.ts';
import { createShardLeases } from './shard-leases.ts';

export interface Relay {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Undefined when events can flow, else the reason. A relay without a shard stands by. */
  ready(): string | undefined;
  /** Says that events were committed to the outbox. */
  wake(): void;
}

/** Moves events from the outbox to the bus and the event log, shard by shard under a lease. */
export function createRelay(dependencies: RelayDependencies): Relay {
  const { config, epoch } = dependencies;
  const publishing = pollingLoop({
    ...dependencies,
    name: 'relay',
    busyPauseMs: config.busyPauseMs,
    idlePauseMs: config.idlePauseMs,
    recover: (error) => refreshEpoch(epoch, error),
    turn: () => publishOutbox(dependencies, leases),
  });
  const leases = createShardLeases(dependencies, () => publishing.wake());
  const background = [outboxGauges(dependencies), logPartitions(dependencies)];
  let state: 'new' | 'running' | 'stopped' = 'new';
  return {
    start: () => {
      state = 'running';
      for (const loop of [leases, publishing, ...background]) loop.start();
      return Promise.resolve();
    },
    stop: async () => {
      state = 'stopped';
      // The leases go last: until then nobody else publishes what is in flight.
      await Promise.all([publishing, ...background].map((loop) => loop.stop()));
      await leases.stop();
    },
    ready: () => {
      if (state !== 'running') return state === 'new' ? 'relay: starting' : 'relay: stopped';
      return publishing.failure() ?? leases.failure();
    },
    wake: () => publishing.wake(),
  };
}
