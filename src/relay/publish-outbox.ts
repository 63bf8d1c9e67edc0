import type { BusEvent, RefusedEvent } from '../io/bus/bus.ts';
import type { TurnResult } from '../io/polling-loop.ts';
import { findLowestOutbox, type OutboxRow } from '../store/read/outbox.ts';
import { confirmOutboxRuns, parkOutbox, type ConfirmedRun } from '../store/write/outbox.ts';
import type { RelayDependencies } from './dependencies.ts';
import { nextBatch } from './next-batch.ts';
import type { ShardLeases } from './shard-leases.ts';

/**
 * One turn of the relay: read the lowest rows of the shards owned, publish, and only after the
 * bus has confirmed move them to the event log. A crash in between publishes the same bytes again;
 * consumers know them by id. There is one turn at a time, so no event of an appointment is
 * published before its predecessor was confirmed.
 */
export async function publishOutbox(
  dependencies: RelayDependencies,
  leases: ShardLeases,
): Promise<TurnResult> {
  const { hotDatabase, bus, failpoints, metrics, config } = dependencies;
  const shards = [...leases.owned().keys()];
  if (shards.length === 0) return 'none';
  const perShard = Math.ceil(config.batchSize / shards.length);
  const tokens = new Map(leases.owned());
  const rows = await findLowestOutbox(hotDatabase, { shards, perShard });
  if (rows.length === 0) return 'none';

  const batch = nextBatch(rows.map(busEvent), bus.takesRuns);
  const { refused } = await bus.publish(batch);
  // Held here: events that the bus has, and the outbox still has too.
  await failpoints.reach('relay.after-publish-before-confirm');

  const blocked = await park(dependencies, refused);
  const confirmed = batch.filter((event) => !blocked.has(appointmentKey(event)));
  const moved = await confirm(dependencies, { leases, runs: runsOf(confirmed, tokens) });
  metrics.outboxPublished.inc(moved);
  if (moved > 0) dependencies.onAppended?.();
  // A full share of any shard means that there may be more behind it.
  return rows.length >= perShard && isFullShard(rows, perShard) ? 'full' : 'some';
}

async function confirm(
  { hotDatabase, epoch, identity, log }: RelayDependencies,
  { leases, runs }: { leases: ShardLeases; runs: ConfirmedRun[] },
): Promise<number> {
  if (runs.length === 0) return 0;
  const { processId } = identity;
  const moved = await confirmOutboxRuns(hotDatabase, epoch.current(), { processId, runs });
  const held = new Set(moved.map(({ shard }) => shard));
  const lost = runs.filter(({ shard }) => !held.has(shard));
  for (const { shard } of lost) leases.forget(shard);
  if (lost.length > 0) log.warn({ component: 'relay', shards: lost.length }, 'fenced off');
  return moved.reduce((total, shard) => total + shard.moved, 0);
}

/** The events to confirm, by shard in order of shard, each with the token it was read under. */
function runsOf(events: readonly BusEvent[], tokens: ReadonlyMap<number, number>): ConfirmedRun[] {
  const runs = new Map<number, ConfirmedRun>();
  for (const { shard, outboxId } of events) {
    const run = runs.get(shard) ?? { shard, token: tokens.get(shard) ?? -1, ids: [] };
    run.ids.push(outboxId);
    runs.set(shard, run);
  }
  return [...runs.values()].sort((a, b) => a.shard - b.shard);
}

/** Sets aside what the bus refused; answers the appointments whose events must not be confirmed. */
async function park(
  { database, epoch, log }: RelayDependencies,
  refused: readonly RefusedEvent[],
): Promise<Set<string>> {
  if (refused.length === 0) return new Set();
  const rows = refused.map(({ event, reason }) => ({
    tenant_id: event.tenantId,
    appointment_id: event.appointmentId,
    shard: event.shard,
    reason,
  }));
  await parkOutbox(database, epoch.current(), rows);
  for (const { event, reason } of refused) {
    const { appointmentId, version } = event;
    const fields = { component: 'relay', appointment_id: appointmentId, version, reason };
    log.error(fields, 'the bus refused an event: its appointment is parked');
  }
  return new Set(refused.map(({ event }) => appointmentKey(event)));
}

function isFullShard(rows: readonly OutboxRow[], perShard: number): boolean {
  const counts = new Map<number, number>();
  for (const { shard } of rows) counts.set(shard, (counts.get(shard) ?? 0) + 1);
  return [...counts.values()].some((count) => count >= perShard);
}

function appointmentKey({ tenantId, appointmentId }: BusEvent): string {
  return `${tenantId}/${appointmentId}`;
}

function busEvent(row: OutboxRow): BusEvent {
  return {
    shard: row.shard,
    outboxId: row.outbox_id,
    tenantId: row.tenant_id,
    appointmentId: row.appointment_id,
    version: row.version,
    type: row.type,
    bytes: row.event,
    traceparent: row.traceparent,
  };
}
