import { ownReasons } from '../domain/appointment.ts';
import { pollingLoop, type PollingLoop, type TurnResult } from '../io/polling-loop.ts';
import { measureAudit } from '../store/read/audit.ts';
import { addEntryLinks, addTransitionLinks, lockAuditShards } from '../store/write/audit-links.ts';
import { refreshEpoch } from '../store/write-epoch.ts';
import { crashPoints } from './crash-points.ts';
import type { RelayDependencies } from './dependencies.ts';
import type { ShardLeases } from './shard-leases.ts';

/** The admin chain goes with this shard, so that one process at a time adds to it. */
const shardOfEntries = 0;

/**
 * Chains hashes over the history behind the event log, apart from publishing and at its own pace:
 * what comes meanwhile shares a link, and links are what costs. A turn is one transaction, links
 * and cursors together, so a crash leaves neither a gap nor a double.
 */
export function linkAudit(dependencies: RelayDependencies, leases: ShardLeases): PollingLoop {
  const { config, epoch } = dependencies;
  return pollingLoop({
    ...dependencies,
    name: 'relay-audit',
    busyPauseMs: config.auditPauseMs,
    idlePauseMs: config.auditPauseMs,
    recover: (error) => refreshEpoch(epoch, error),
    turn: () => turn(dependencies, leases),
  });
}

async function turn(dependencies: RelayDependencies, leases: ShardLeases): Promise<TurnResult> {
  const { database, metrics, config, epoch } = dependencies;
  const { auditPerShard: perShard } = config;
  const owned = [...leases.owned().keys()];
  if (owned.length === 0) return 'none';
  const { linked, isFull } = await database.transaction(async (queries) => {
    const shards = await lockAuditShards(queries, epoch.current(), owned);
    const counts = await addTransitionLinks(queries, { shards, perShard }, [...ownReasons]);
    const entries = shards.includes(shardOfEntries) ? await addEntryLinks(queries, perShard) : 0;
    const sum = counts.reduce((total, shard) => total + shard.linked, entries);
    if (sum > 0) await crashPoints.beforeAuditCommit(dependencies);
    return {
      linked: sum,
      isFull: entries >= perShard || counts.some((shard) => shard.linked >= perShard),
    };
  });
  if (linked > 0) await crashPoints.afterAuditCommit(dependencies);
  metrics.auditLinked.inc(linked);
  metrics.auditLagSeconds.set(await measureAudit(database));
  if (isFull) return 'full';
  return linked > 0 ? 'some' : 'none';
}
