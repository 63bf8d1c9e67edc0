import { BusError } from '../io/bus/bus.ts';
import { pollingLoop } from '../io/polling-loop.ts';
import type { RelayDependencies } from './dependencies.ts';
import { linkAudit } from './link-audit.ts';
import { logPartitions } from './log-partitions.ts';
import { outboxGauges } from './outbox-gauges.ts';
import { publishOutbox } from './publish-outbox.ts';
import { refreshEpoch } from '../store/write-epoch.ts';
import { createShardLeases } from './shard-leases.ts';

export interface Relay {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Undefined when it can do its work, else the reason. A relay without a shard stands by, and one
   * whose bus is away still does what it is for: keeps the events until it is back.
   */
  ready(): string | undefined;
  /** Says that events were committed to the outbox. */
  wake(): void;
}

/** Moves events from the outbox to the bus and the event log, shard by shard under a lease. */
export function createRelay(dependencies: RelayDependencies): Relay {
  const { config, epoch, bus, metrics } = dependencies;
  let busIsAway = false;
  const publishing = pollingLoop({
    ...dependencies,
    name: 'relay',
    busyPauseMs: config.busyPauseMs,
    turnGapMs: config.turnGapMs,
    idlePauseMs: config.idlePauseMs,
    recover: async (error) => {
      busIsAway = error instanceof BusError;
      if (busIsAway) metrics.busUp.set({ bus: bus.name }, 0);
      await refreshEpoch(epoch, error);
    },
    turn: async () => {
      const result = await publishOutbox(dependencies, leases);
      if (result !== 'none') metrics.busUp.set({ bus: bus.name }, 1);
      return result;
    },
  });
  const leases = createShardLeases(dependencies, () => publishing.wake());
  const background = [
    outboxGauges(dependencies),
    logPartitions(dependencies),
    linkAudit(dependencies, leases),
  ];
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
      await bus.close();
    },
    ready: () => {
      if (state !== 'running') return state === 'new' ? 'relay: starting' : 'relay: stopped';
      return (busIsAway ? undefined : publishing.failure()) ?? leases.failure();
    },
    wake: () => publishing.wake(),
  };
}
