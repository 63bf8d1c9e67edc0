import { BusError, type BusEvent, type FailedEvent } from '../io/bus/bus.ts';
import type { TurnResult } from '../io/polling-loop.ts';
import { findLowestOutbox, type OutboxRow } from '../store/read/outbox.ts';
import {
  confirmOutboxRuns,
  countOutboxAttempts,
  parkOutbox,
  type ConfirmedRun,
} from '../store/write/outbox.ts';
import { commitAfter } from '../io/failpoints.ts';
import { crashPoints } from './crash-points.ts';
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
  const { hotDatabase, bus, metrics } = dependencies;
  const shards = [...leases.owned().keys()];
  if (shards.length === 0) return 'none';
  const perShard = Math.ceil(bus.batchSize / shards.length);
  const tokens = new Map(leases.owned());
  const rows = await findLowestOutbox(hotDatabase, {
    shards,
    perShard,
    withBytes: bus.readsBytes,
  });
  if (rows.length === 0) return 'none';

  const batch = nextBatch(rows.map(busEvent), bus.takesRuns);
  await crashPoints.afterRead(dependencies);
  const { refused, unconfirmed } = await bus.publish(batch, () =>
    crashPoints.afterPublish(dependencies),
  );
  await crashPoints.afterConfirm(dependencies);

  await park(dependencies, refused);
  const confirmed = confirmedOf(batch, [...refused, ...unconfirmed]);
  const moved = await confirm(dependencies, { leases, runs: runsOf(confirmed, tokens) });
  metrics.outboxPublished.inc(moved);
  metrics.busEvents.inc({ bus: bus.name, outcome: 'confirmed' }, confirmed.length);
  if (moved > 0) dependencies.onAppended?.();
  await tryAgain(dependencies, unconfirmed);
  // More waits where versions were left for later, and behind a full share of any shard.
  return batch.length < rows.length || isFullShard(rows, perShard) ? 'full' : 'some';
}

/** All but the failed ones and what comes after them. */
function confirmedOf(batch: readonly BusEvent[], failed: readonly FailedEvent[]): BusEvent[] {
  const failing = new Set(failed.map(({ event }) => event));
  const broken = new Set<string>();
  return batch.filter((event) => {
    if (failing.has(event)) broken.add(appointmentKey(event));
    return !broken.has(appointmentKey(event));
  });
}

/** Leaves what the bus did not confirm in the outbox, and the loop to its pause. */
async function tryAgain(
  { database, epoch, bus, metrics }: RelayDependencies,
  unconfirmed: readonly FailedEvent[],
): Promise<void> {
  const [first] = unconfirmed;
  if (first === undefined) return;
  metrics.busEvents.inc({ bus: bus.name, outcome: 'unconfirmed' }, unconfirmed.length);
  const events = unconfirmed.map(({ event }) => event);
  await countOutboxAttempts(database, epoch.current(), events);
  throw new BusError(`events are not confirmed: ${first.reason}`);
}

async function confirm(
  dependencies: RelayDependencies,
  { leases, runs }: { leases: ShardLeases; runs: ConfirmedRun[] },
): Promise<number> {
  if (runs.length === 0) return 0;
  const { hotDatabase, epoch, identity, log } = dependencies;
  const { processId } = identity;
  const moved = await commitAfter(crashPoints.partialDelete(dependencies), hotDatabase, (queries) =>
    confirmOutboxRuns(queries, epoch.current(), { processId, runs }),
  );
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

/** Sets aside the appointments of what the bus refused. */
async function park(
  { database, epoch, bus, metrics, log }: RelayDependencies,
  refused: readonly FailedEvent[],
): Promise<void> {
  if (refused.length === 0) return;
  const rows = refused.map(({ event, reason }) => ({
    tenant_id: event.tenantId,
    appointment_id: event.appointmentId,
    shard: event.shard,
    reason,
  }));
  await parkOutbox(database, epoch.current(), rows);
  metrics.busEvents.inc({ bus: bus.name, outcome: 'refused' }, refused.length);
  for (const { event, reason } of refused) {
    const { appointmentId, version } = event;
    const fields = { component: 'relay', appointment_id: appointmentId, version, reason };
    log.error(fields, 'the bus refused an event: its appointment is parked');
  }
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
    attempt: row.attempts + 1,
  };
}
