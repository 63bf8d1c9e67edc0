import { retryPlan } from '../domain/retry-plan.ts';
import { buryTasks, retryTasks, type TaskRow } from '../store/write/tasks.ts';
import type { WorkerDependencies } from './dependencies.ts';

export interface FailedTask {
  row: TaskRow;
  reason: string;
  /** Another attempt cannot do better. */
  permanent?: boolean;
}

/**
 * Gives failed tasks back to run again later, or moves them to the dead letters: a permanent
 * failure, the last attempt, or a retry that would come after the deadline.
 */
export async function settleFailures(
  { database, clock, random, epoch, identity, config, metrics, log }: WorkerDependencies,
  failures: readonly FailedTask[],
): Promise<void> {
  const owner = { epoch: epoch.current(), processId: identity.processId };
  const again: (TaskRow & { delay_ms: number })[] = [];
  const dead: (TaskRow & { reason: string })[] = [];
  for (const { row, reason, permanent = false } of failures) {
    const plan = retryPlan(config.retry, {
      attempts: row.attempts,
      lastDelayMs: row.last_delay_ms,
      nowMs: clock.nowMs(),
      deadlineMs: row.deadline_s === null ? null : row.deadline_s * 1_000,
      fraction: random.fraction(),
    });
    if (permanent) dead.push({ ...row, reason });
    else if (plan.kind === 'retry') again.push({ ...row, delay_ms: plan.delayMs });
    else dead.push({ ...row, reason: `${givenUp[plan.why]}: ${reason}` });
  }
  if (again.length > 0) await retryTasks(database, owner, again);
  if (dead.length > 0) await buryTasks(database, owner, dead);
  for (const { lane } of again) metrics.tasksFinished.inc({ lane, outcome: 'retried' });
  for (const { lane, task_id, tenant_id, reason } of dead) {
    metrics.tasksFinished.inc({ lane, outcome: 'dead' });
    log.error({ component: 'worker', task_id, tenant: tenant_id, reason }, 'a task is dead');
  }
}

const givenUp = { attempts: 'attempts exhausted', deadline: 'deadline' } as const;
