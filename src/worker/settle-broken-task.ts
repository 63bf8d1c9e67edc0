import { backoffDelayMs } from '../domain/backoff.ts';
import { buryTasks, retryTasks } from '../store/write/tasks.ts';
import type { WorkerDependencies } from './dependencies.ts';
import type { FailedTask } from './settle-failures.ts';

/**
 * For a task that nothing outside is to blame for. It is tried again until its deadline, since what
 * is wrong may be mended, and is then a dead letter. Its attempts tell nothing here: they count how
 * often it waited, too.
 */
export async function settleBrokenTask(
  { database, clock, random, epoch, identity, config, metrics, log }: WorkerDependencies,
  { row, reason, permanent = false }: FailedTask,
): Promise<void> {
  const owner = { epoch: epoch.current(), processId: identity.processId };
  const isLate = row.deadline_s === null || clock.nowMs() > row.deadline_s * 1_000;
  if (!permanent && !isLate) {
    const last = { lastDelayMs: row.last_delay_ms, fraction: random.fraction() };
    const delay_ms = backoffDelayMs(config.retry, last);
    await retryTasks(database, owner, [{ ...row, delay_ms }]);
    metrics.tasksFinished.inc({ lane: row.lane, outcome: 'retried' });
    return;
  }
  await buryTasks(database, owner, [{ ...row, reason }]);
  metrics.tasksFinished.inc({ lane: row.lane, outcome: 'dead' });
  const { tenant_id: tenant, task_id } = row;
  log.error({ component: 'worker', task_id, tenant, reason }, 'a task is dead');
}
