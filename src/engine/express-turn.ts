import type { PendingCommand } from '../domain/command.ts';
import { commitAfter } from '../io/failpoints.ts';
import { acceptDecidedCreates, freshCommands } from '../store/write/accept-decided.ts';
import type { DecidedCommandRow, TransitionRow } from '../store/write/decide.ts';
import type { RegionLease } from '../store/write/region-lease.ts';
import { commitFailure } from './commit-failure.ts';
import { batchSize } from './config.ts';
import { crashPoints } from './crash-points.ts';
import { revert } from './decide.ts';
import { decideBatch, UndecidableCommand, type DecidedBatch } from './decide-batch.ts';
import { decidedCreateRow } from './decided-create-row.ts';
import type { DecidedCommand } from './decision.ts';
import type { EngineDependencies } from './dependencies.ts';
import type { ExpressEntry, ExpressQueue } from './express-queue.ts';
import type { RegionState } from './placement/region-state.ts';
import type { RegionMemory } from './region-memory.ts';
import { startedSaga } from './started-saga.ts';

export interface ExpressParts {
  needs: EngineDependencies;
  lease: RegionLease;
  memory: RegionMemory;
  queue: ExpressQueue;
  /** Called after the commit with what was decided. */
  announce: (decisions: readonly DecidedCommand[]) => void;
}

/** A request that is decided here: every such decision is one step of its appointment. */
interface Taken {
  entry: ExpressEntry;
  decision: DecidedCommand;
  step: TransitionRow;
  command: DecidedCommandRow;
}

/**
 * Accepts and decides what waits in memory: one batch, one transaction. Whatever keeps it from
 * being committed, nobody is refused here: the requests are sent the other way, where a bad one is
 * found and set apart, and where the key tells should the commit have happened all the same.
 */
export async function expressTurn(parts: ExpressParts, state: RegionState): Promise<void> {
  const { needs, memory, queue } = parts;
  const entries = queue.take(batchSize, sameCatalogue);
  const now = needs.clock.nowSeconds();
  const { decisions, ...rows } = decide(parts, { state, entries, now });
  const taken = takenHere(entries, { decisions, ...rows });
  const elsewhere = new Set(entries);
  for (const { entry } of taken) elsewhere.delete(entry);
  // What is for another region's owner, or could not be decided at all.
  for (const entry of elsewhere) entry.settle('elsewhere');
  if (taken.length === 0) return;
  try {
    await crashPoints.afterDecide(needs);
    await commit(parts, { taken, now, count: entries.length });
  } catch (error) {
    revert(state, decisions);
    await afterFailure(parts, error, entries);
    return;
  }
  needs.metrics.commitBatch.observe({ stage: 'express' }, taken.length);
  memory.advance(entries.length);
  await crashPoints.afterCommit(needs);
  for (const { entry } of taken) entry.settle('accepted');
  parts.announce(taken.map(({ decision }) => decision));
}

/** One statement checks one version: a request that was checked against another waits its turn. */
function sameCatalogue(first: ExpressEntry, other: ExpressEntry): boolean {
  return first.row.catalogue_version === other.row.catalogue_version;
}

function decide(
  { needs, lease, memory }: ExpressParts,
  { state, entries, now }: { state: RegionState; entries: readonly ExpressEntry[]; now: number },
): DecidedBatch {
  const { random } = needs;
  const { region } = lease;
  const contextOf = (index: number) => ({
    now,
    region,
    position: memory.position + index + 1,
    seed: random.seed(),
    sagaId: random.uuidV7(),
  });
  try {
    return decideBatch(state, entries.map(commandOf), { region, contextOf });
  } catch (error) {
    if (error instanceof UndecidableCommand) {
      return { decisions: [], transitions: [], commands: [], otherRegions: [] };
    }
    throw error;
  }
}

function takenHere(
  entries: readonly ExpressEntry[],
  { decisions, transitions, commands }: Omit<DecidedBatch, 'otherRegions'>,
): Taken[] {
  const steps = new Map(transitions.map((step) => [step.command_id, step]));
  return decisions.flatMap((decision, index) => {
    const [entry, command] = [entries[index], commands[index]];
    const step = steps.get(decision.command.id);
    return entry && command && step ? [{ entry, decision, step, command }] : [];
  });
}

/** The request as the command that it would have become. */
function commandOf({ row, appointment }: ExpressEntry): PendingCommand {
  return {
    tenantId: row.tenant_id,
    id: row.command_id,
    operation: 'create',
    acceptedSeq: 0,
    payload: null,
    ifMatch: null,
    trace: { actor: row.actor, requestId: row.request_id, traceparent: row.traceparent },
    regionsTried: [],
    waits: false,
    appointment,
  };
}

async function commit(
  { needs, lease, memory }: ExpressParts,
  { taken, now, count }: { taken: readonly Taken[]; now: number; count: number },
): Promise<void> {
  const { hotDatabase, epoch, config, metrics, identity, sagaTaker } = needs;
  // Those that call calendars are for whoever has a place for them.
  const starting = taken.filter(({ step }) => step.saga_lane === 'saga');
  const takes = sagaTaker !== undefined && sagaTaker.room() >= starting.length;
  const { processId, sessionKey } = identity;
  const { leaseSeconds, sagaDeadlineSeconds } = config;
  const stopTimer = metrics.commitSeconds.startTimer({ stage: 'express' });
  const point = taken.find(({ entry }) => entry.beforeCommit)?.entry.beforeCommit;
  const batch = {
    epoch: epoch.current(),
    tenantId: lease.tenantId,
    region: lease.region,
    token: lease.token,
    lastPosition: memory.position,
    newPosition: memory.position + count,
    catalogueVersion: memory.catalogueVersion,
    checkedVersion: taken[0]?.entry.row.catalogue_version ?? 0,
    decidedNow: now,
    sagaDeadlineSeconds,
    rows: taken.map((one) => decidedCreateRow(one.entry.row, one)),
    taskOwner: takes ? { processId, sessionKey, leaseSeconds } : null,
  };
  const tasks = await commitAfter(point, hotDatabase, (queries) =>
    acceptDecidedCreates(queries, batch),
  );
  stopTimer();
  if (!takes) return;
  const deadlineS = now + sagaDeadlineSeconds;
  sagaTaker.take(starting.map(({ decision }) => startedSaga(decision, { tasks, deadlineS })));
}

async function afterFailure(
  { needs, memory, queue }: ExpressParts,
  error: unknown,
  entries: readonly ExpressEntry[],
): Promise<void> {
  const fresh = freshCommands(error);
  if (fresh !== undefined) {
    for (const entry of entries.filter(({ row }) => !fresh.has(row.command_id))) {
      entry.settle('not-accepted');
    }
    queue.putBack(entries);
    return;
  }
  for (const entry of entries) entry.settle('elsewhere');
  switch (commitFailure(error)) {
    case 'unknown':
    case 'unavailable':
      throw error;
    case 'closed':
      return needs.epoch.refresh();
    case 'deposed':
      return memory.verify();
    case 'overlap':
      return memory.drop();
    case 'stale':
    case 'refused':
      needs.log.warn({ component: 'engine', err: error }, 'batch sent the other way');
  }
}
