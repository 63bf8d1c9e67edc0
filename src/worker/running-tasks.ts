import { pollingLoop } from '../io/polling-loop.ts';
import { renewTasks, type TaskRow } from '../store/write/tasks.ts';
import type { SagaWork } from '../store/read/saga-work.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { refreshEpoch } from '../store/write-epoch.ts';

/** A claimed task. `signal` is aborted once it is no longer ours: calls in flight then end. */
export interface RunningTask {
  row: TaskRow;
  signal: AbortSignal;
  /** What the task is about, where whoever handed it over knew. */
  work?: SagaWork;
}

/**
 * The tasks that this process works on, with leases renewed every third of their length. Only
 * tasks that are really in hand are renewed: one whose claim was committed while its answer got
 * lost is in nobody's hand, and its lease must run out.
 */
export interface RunningTasks {
  start(): void;
  stop(): Promise<void>;
  add(rows: readonly TaskRow[]): RunningTask[];
  remove(tasks: readonly RunningTask[]): void;
  /** Leaves them to whoever is next: their leases run out, their calls end. */
  drop(tasks: readonly RunningTask[]): void;
  rows(): TaskRow[];
}

export function createRunningTasks(dependencies: WorkerDependencies): RunningTasks {
  const { hotDatabase, epoch, identity, config, log } = dependencies;
  const held = new Map<number, { row: TaskRow; abort: AbortController }>();

  async function renew(): Promise<void> {
    const rows = [...held.values()].map(({ row }) => row);
    if (rows.length === 0) return;
    const owner = { epoch: epoch.current(), processId: identity.processId };
    const kept = await renewTasks(
      hotDatabase,
      { ...owner, leaseSeconds: config.leaseSeconds },
      rows,
    );
    for (const row of rows) {
      const task = held.get(row.task_id);
      if (kept.has(row.task_id) || task?.row !== row) continue;
      held.delete(row.task_id);
      task.abort.abort();
      log.warn({ component: 'worker', task_id: row.task_id }, 'the lease of a task was lost');
    }
  }

  const loop = pollingLoop({
    ...dependencies,
    name: 'worker-leases',
    busyPauseMs: (config.leaseSeconds * 1_000) / 3,
    recover: (error) => refreshEpoch(epoch, error),
    turn: async () => {
      await renew();
      return 'some';
    },
  });

  function drop(tasks: readonly RunningTask[]): void {
    for (const { row } of tasks) {
      const task = held.get(row.task_id);
      if (task?.row !== row) continue;
      held.delete(row.task_id);
      task.abort.abort();
    }
  }

  return {
    drop,
    start: () => loop.start(),
    stop: () => loop.stop(),
    add: (rows) =>
      rows.map((row) => {
        const abort = new AbortController();
        held.set(row.task_id, { row, abort });
        return { row, signal: abort.signal };
      }),
    remove: (tasks) => {
      for (const { row } of tasks) {
        if (held.get(row.task_id)?.row === row) held.delete(row.task_id);
      }
    },
    rows: () => [...held.values()].map(({ row }) => row),
  };
}
