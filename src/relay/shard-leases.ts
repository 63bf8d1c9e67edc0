import { isUnavailable } from '../io/postgres.ts';
import { holdOutboxShards, releaseOutboxShards } from '../store/write/outbox.ts';
import { pollingLoop } from '../io/polling-loop.ts';
import type { RelayDependencies } from './dependencies.ts';
import { refreshEpoch } from '../store/write-epoch.ts';

/** The shards that this process owns, kept up by a heartbeat. */
export interface ShardLeases {
  start(): void;
  stop(): Promise<void>;
  /** Shard to fencing token. Being here is no proof: only the confirm's fence is. */
  owned(): ReadonlyMap<number, number>;
  /** Forgets a shard whose fence did not hold; the next heartbeat says how it stands. */
  forget(shard: number): void;
  failure(): string | undefined;
}

export function createShardLeases(
  dependencies: RelayDependencies,
  onGained: () => void,
): ShardLeases {
  const { database, epoch, identity, config, log } = dependencies;
  let owned = new Map<number, number>();

  const loop = pollingLoop({
    ...dependencies,
    name: 'relay-leases',
    busyPauseMs: (config.leaseSeconds * 1_000) / 3,
    recover: async (error) => {
      // Without a heartbeat the leases run out: others may own the shards by the time we are back.
      if (isUnavailable(error)) owned = new Map();
      await refreshEpoch(epoch, error);
    },
    turn: async () => {
      const { processId, sessionKey } = identity;
      const { leaseSeconds } = config;
      const leases = await holdOutboxShards(database, epoch.current(), {
        processId,
        sessionKey,
        leaseSeconds,
      });
      const before = owned.size;
      owned = new Map(leases.map(({ shard, token }) => [shard, token]));
      if (owned.size !== before) {
        log.info({ component: 'relay-leases', shards: owned.size }, 'shards owned');
        if (owned.size > before) onGained();
      }
      return 'some';
    },
  });

  return {
    start: () => loop.start(),
    stop: async () => {
      await loop.stop();
      owned = new Map();
      await releaseOutboxShards(database, epoch.current(), identity.processId).catch(
        (error: unknown) => log.warn({ component: 'relay-leases', err: error }, 'not released'),
      );
    },
    owned: () => owned,
    forget: (shard) => owned.delete(shard),
    failure: () => loop.failure(),
  };
}
