import { pollingLoop, type PollingLoop } from '../io/polling-loop.ts';
import { withinTime } from '../io/within-time.ts';
import { claimCalendarTasks } from '../store/write/calendar-tasks.ts';
import { refreshEpoch } from '../store/write-epoch.ts';
import { crashPoints } from './crash-points.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { isNobodysFault } from './nobodys-fault.ts';
import type { RunningTask, RunningTasks } from './running-tasks.ts';
import { settleBrokenTask } from './settle-broken-task.ts';
import type { FailedTask } from './settle-failures.ts';

export interface CalendarLaneOptions {
  running: RunningTasks;
  /** Finishes the task or gives it back; answers it where it cannot be run at all. */
  run: (task: RunningTask) => Promise<FailedTask | undefined>;
}

const drainMs = 10_000;

/**
 * Runs tasks that call calendars side by side, each on its own: one that waits for an answer holds
 * up no other. There are so many places, so many of them at most for one tenant, and whoever is
 * ready next gets a place as it comes free.
 */
export function calendarLane(
  dependencies: WorkerDependencies,
  { running, run }: CalendarLaneOptions,
): PollingLoop {
  const { hotDatabase, epoch, identity, config, log, metrics, clock } = dependencies;
  const inHand = new Map<RunningTask, Promise<void>>();

  async function turn(): Promise<'some' | 'none'> {
    const free = config.calendarPlaces - inHand.size;
    if (free === 0) return 'none';
    const claimed = await claimCalendarTasks(hotDatabase, epoch.current(), {
      ...{ limit: free, placesPerTenant: config.calendarPlacesPerTenant, running: byTenant() },
      processId: identity.processId,
      sessionKey: identity.sessionKey,
      leaseSeconds: config.leaseSeconds,
    });
    for (const task of running.add(claimed)) inHand.set(task, occupy(task));
    return claimed.length === 0 ? 'none' : 'some';
  }

  function byTenant(): Record<string, number> {
    const count: Record<string, number> = {};
    for (const { row } of inHand.keys()) count[row.tenant_id] = (count[row.tenant_id] ?? 0) + 1;
    return count;
  }

  async function occupy(task: RunningTask): Promise<void> {
    try {
      const limitMs = config.calendarTaskLimitMs;
      await withinTime(work(task), { clock, limitMs, why: 'a task hangs and is given up' });
      running.remove([task]);
      metrics.tasksFinished.inc({ lane: 'calendar', outcome: 'done' });
    } catch (error) {
      // Nobody knows how far it came: its lease runs out, and it is run again from the journal.
      running.drop([task]);
      log.warn(
        { component: 'worker-calendar', task_id: task.row.task_id, err: error },
        'task left',
      );
      await refreshEpoch(epoch, error).catch(() => undefined);
    } finally {
      inHand.delete(task);
      loop.wake();
    }
  }

  async function work(task: RunningTask): Promise<void> {
    await crashPoints.afterClaimToCall(dependencies);
    const failed = await run(task).catch((error: unknown): FailedTask => {
      if (isNobodysFault(error)) throw error;
      log.error({ component: 'worker-calendar', task_id: task.row.task_id, err: error }, 'failed');
      return { row: task.row, reason: error instanceof Error ? error.message : String(error) };
    });
    if (failed !== undefined) await settleBrokenTask(dependencies, failed);
  }

  const loop = pollingLoop({
    ...dependencies,
    name: 'worker-calendar',
    busyPauseMs: config.busyPauseMs,
    idlePauseMs: config.idlePauseMs,
    recover: (error) => refreshEpoch(epoch, error),
    turn,
  });
  return {
    ...loop,
    stop: async () => {
      await loop.stop();
      const over = new AbortController();
      await Promise.race([Promise.all(inHand.values()), clock.sleep(drainMs, over.signal)]);
      over.abort();
    },
  };
}
