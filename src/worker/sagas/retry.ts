import { retryPlan } from '../../domain/retry-plan.ts';
import { changeSagaState } from '../../store/write/end-saga.ts';
import { retryTasks } from '../../store/write/tasks.ts';
import { ownerOf, type CalledSaga } from './called-saga.ts';
import type { FailedAttempt, StepOutcome } from './saga.ts';

type Failed = Omit<FailedAttempt, 'kind'>;

/** Tries again after a delay, as often as the provider's policy allows; else `given-up`. */
export async function retryWithinLimits(
  saga: CalledSaga,
  failed: Failed,
): Promise<StepOutcome | { kind: 'given-up' }> {
  const { calls, clock, random } = saga.dependencies;
  const plan = retryPlan(retryPolicyOf(calls.policyOf(failed.provider)), {
    attempts: failed.attempts,
    lastDelayMs: saga.task.last_delay_ms,
    nowMs: clock.nowMs(),
    deadlineMs: saga.work.deadlineMs,
    fraction: random.fraction(),
  });
  if (plan.kind === 'given-up') return plan;
  return later(saga, failed, { delayMs: plan.delayMs });
}

/** Tries again for ever: from the maximum of attempts on at the cap, and for operators to see. */
export async function retryEndlessly(saga: CalledSaga, failed: Failed): Promise<StepOutcome> {
  const { calls, clock, log, metrics, random } = saga.dependencies;
  const policy = retryPolicyOf(calls.policyOf(failed.provider));
  const plan = retryPlan(policy, {
    attempts: failed.attempts,
    lastDelayMs: saga.task.last_delay_ms,
    nowMs: clock.nowMs(),
    deadlineMs: null,
    fraction: random.fraction(),
  });
  if (plan.kind === 'retry') return later(saga, failed, { delayMs: plan.delayMs });
  if (saga.work.state !== 'parked') {
    const { id: saga_id, kind } = saga.work;
    metrics.sagasParked.inc({ reason: 'attempts' });
    const fields = { component: 'worker', tenant: saga.task.tenant_id, saga_id, kind };
    log.error({ ...fields, reason: failed.reason }, 'a saga cannot be taken back and is parked');
  }
  return later(saga, failed, { delayMs: policy.capMs, park: true });
}

async function later(
  saga: CalledSaga,
  { record }: Failed,
  { delayMs, park = false }: { delayMs: number; park?: boolean },
): Promise<StepOutcome> {
  const { dependencies, task, work } = saga;
  const owner = ownerOf(saga);
  const isOurs = await dependencies.hotDatabase.transaction(async (queries) => {
    if (!(await record(queries))) return false;
    if (park) await changeSagaState(queries, owner, { ...task, saga_id: work.id, state: 'parked' });
    await retryTasks(queries, owner, [{ ...task, delay_ms: delayMs }]);
    return true;
  });
  return { kind: isOurs ? 'ended' : 'lost' };
}

function retryPolicyOf({
  retryBaseMs: baseMs,
  retryCapMs: capMs,
  maxAttempts,
}: {
  retryBaseMs: number;
  retryCapMs: number;
  maxAttempts: number;
}): { baseMs: number; capMs: number; maxAttempts: number } {
  return { baseMs, capMs, maxAttempts };
}
