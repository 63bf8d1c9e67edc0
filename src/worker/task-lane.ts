import { pollingLoop, type PollingLoop } from '../io/polling-loop.ts';
import { claimTasks, retryTasks, type Lane, type TaskRow } from '../store/write/tasks.ts';
import { crashPoints } from './crash-points.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { refreshEpoch } from '../store/write-epoch.ts';
import type { HandedOver } from './handed-over.ts';
import type { RunningTask, RunningTasks } from './running-tasks.ts';
import { settleFailures, type FailedTask } from './settle-failures.ts';

export interface TaskLaneOptions {
  lane: Lane;
  batchSize: number;
  running: RunningTasks;
  /** Tasks of this process that need no claim, as they are handed over. */
  handedOver?: HandedOver;
  /** Finishes the tasks of a batch; answers those that failed and must be settled. */
  run: (tasks: readonly RunningTask[]) => Promise<readonly FailedTask[]>;
}

/**
 * Claims and runs the tasks of one lane, one batch at a time.
 *
 *   ready ──claim, attempts + 1──> leased ──done──> deleted
 *     ^                              │ ├──failed──> ready again later, or a dead letter
 *     └──lease over or session gone──┘ └──> whatever a former owner then tries hits its fence
 *
 * Without a database nothing is settled: the tasks stay leased, their leases run out, and they
 * run again. Every effect is therefore written to be repeatable.
 */
export function taskLane(dependencies: WorkerDependencies, options: TaskLaneOptions): PollingLoop {
  const { hotDatabase, clock, epoch, identity, config, metrics } = dependencies;
  const { lane, batchSize, running, handedOver } = options;
  let claimAtMs = 0;
  let inHand: readonly RunningTask[] = [];

  async function turn(): Promise<'full' | 'some' | 'none'> {
    const handed = handedOver?.next(batchSize) ?? [];
    await runBatch(handed);
    // While tasks are handed over, those of other processes are looked for at times only.
    if (handed.length > 0 && clock.monotonicMs() < claimAtMs) return 'full';
    claimAtMs = clock.monotonicMs() + config.claimPauseMs;
    const claimed = await claimTasks(hotDatabase, epoch.current(), {
      lane,
      limit: batchSize,
      processId: identity.processId,
      sessionKey: identity.sessionKey,
      leaseSeconds: config.leaseSeconds,
    });
    await runBatch(running.add(claimed));
    if (claimed.length === 0) return handed.length > 0 ? 'some' : 'none';
    // Shares of several tenants seldom add up to the limit, so less than full may be full.
    return claimed.length * 4 >= batchSize ? 'full' : 'some';
  }

  async function runBatch(tasks: readonly RunningTask[]): Promise<void> {
    if (tasks.length === 0) return;
    inHand = tasks;
    try {
      await crashPoints.afterClaim(dependencies);
      const failures = await runWithin(tasks);
      if (failures.length > 0) await settleFailures(dependencies, failures);
      await crashPoints.afterCommit(dependencies);
      metrics.tasksFinished.inc({ lane, outcome: 'done' }, tasks.length - failures.length);
    } finally {
      running.remove(tasks);
    }
  }

  /** Tasks whose earlier owners died over them too often do not get another one to kill. */
  async function runWithin(tasks: readonly RunningTask[]): Promise<readonly FailedTask[]> {
    const worn = tasks.filter(({ row }) => row.attempts > config.retry.maxAttempts);
    const fit = tasks.filter(({ row }) => row.attempts <= config.retry.maxAttempts);
    const failures = fit.length === 0 ? [] : await options.run(fit);
    return [...failures, ...worn.map(({ row }) => ({ row, reason: 'owner lost' }))];
  }

  return pollingLoop({
    ...dependencies,
    name: `worker-${lane}`,
    busyPauseMs: config.busyPauseMs,
    idlePauseMs: config.idlePauseMs,
    turnGapMs: config.laneGapMs,
    recover: (error) => {
      // Those of a turn that hangs would be renewed for as long as it does.
      running.drop(inHand);
      return refreshEpoch(epoch, error);
    },
    turn,
  });
}

/** Gives back tasks that are still in hand when the process stops, for others to take at once. */
export async function giveBack(
  { database, epoch, identity }: WorkerDependencies,
  rows: readonly TaskRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const owner = { epoch: epoch.current(), processId: identity.processId };
  await retryTasks(
    database,
    owner,
    rows.map((row) => ({ ...row, delay_ms: 0 })),
  );
}
