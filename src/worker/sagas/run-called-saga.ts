import { finishTasks } from '../../store/write/tasks.ts';
import { crashPoints } from '../crash-points.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import type { RunningTask } from '../running-tasks.ts';
import type { FailedTask } from '../settle-failures.ts';
import { isOvertaken, ownerOf, type CalledSaga } from './called-saga.ts';
import { compensate, takeBack } from './compensate.ts';
import { endSaga } from './end-saga.ts';
import { replan } from './replan.ts';
import { releaseAll } from './release.ts';
import { retryEndlessly, retryWithinLimits } from './retry.ts';
import { sagaInHand } from './saga-in-hand.ts';
import type { FailedAttempt, Saga, SagaStep, StepOutcome } from './saga.ts';
import { sagas } from './sagas.ts';
import { wait } from './wait.ts';

/**
 * Takes one saga as far as it goes, from what the journal and the reservations say:
 *
 *   running ──all steps done──> done            (a step that fails is tried again later)
 *      │ └──a calendar refuses──> refused       and the region's owner looks for another resource
 *      ├──the appointment moved on──> superseded
 *      └──deadline, attempts, operator──> compensating ──all released──> compensated
 *                                           │    ^      and the region's owner fails the booking
 *                                           └─ parked, at the maximum of attempts
 *
 * Answers the task where it cannot be run at all; else it is finished, waits, or is not ours.
 */
export async function runCalledSaga(
  dependencies: WorkerDependencies,
  task: RunningTask,
): Promise<FailedTask | undefined> {
  const saga = await sagaInHand(dependencies, task);
  const definition = sagas.get(saga?.work.kind ?? '');
  if (saga === undefined || definition === undefined) {
    return { row: task.row, reason: 'no such saga', permanent: true };
  }
  if (saga.work.finished) await finishTasks(dependencies.hotDatabase, ownerOf(saga), [task.row]);
  else await advance(saga, definition);
  return undefined;
}

async function advance(saga: CalledSaga, definition: Saga): Promise<StepOutcome> {
  const { kind, state, hasLater, appointment, deadlineMs } = saga.work;
  const isCleared = kind === 'cancel' && !['CANCELLED', 'FAILED'].includes(appointment.state);
  // A later saga of the appointment does what is left to do, and must not wait for it here.
  if (hasLater && (isCleared || isOvertaken(saga))) return endSaga(saga, { state: 'superseded' });
  if (isOvertaken(saga)) return clearUp(saga);
  if (kind === 'cancel') return runSteps(saga, definition);
  if (state !== 'running') return compensate(saga, definition);
  const isLate = saga.dependencies.clock.nowMs() >= deadlineMs;
  return isLate ? takeBack(saga, { definition }) : runSteps(saga, definition);
}

async function runSteps(saga: CalledSaga, definition: Saga): Promise<StepOutcome> {
  const { kind } = definition;
  for (const step of definition.steps) {
    await crashPoints.beforeStep(saga.dependencies, { kind, step: step.name });
    const outcome = await step.run(saga);
    await crashPoints.afterStep(saga.dependencies, { kind, step: step.name });
    switch (outcome.kind) {
      case 'done':
        continue;
      case 'ended':
      case 'lost':
        return outcome;
      case 'wait':
        return wait(saga, outcome);
      case 'overtaken':
        return clearUp(saga);
      case 'failed':
        return afterFailure(saga, outcome, { definition, step });
      case 'refused':
        return step.retry === 'endless' ? retryEndlessly(saga, outcome) : replan(saga, outcome);
    }
  }
  return endSaga(saga, { state: 'done' });
}

async function afterFailure(
  saga: CalledSaga,
  failed: FailedAttempt,
  { definition, step }: { definition: Saga; step: SagaStep },
): Promise<StepOutcome> {
  if (step.retry === 'endless') return retryEndlessly(saga, failed);
  const outcome = await retryWithinLimits(saga, failed);
  if (outcome.kind !== 'given-up') return outcome;
  return takeBack(saga, { definition, record: failed.record });
}

/** Nobody else releases what a saga that was overtaken has left where the appointment is not. */
async function clearUp(saga: CalledSaga): Promise<StepOutcome> {
  const outcome = await releaseAll(saga);
  switch (outcome.kind) {
    case 'wait':
      return wait(saga, outcome);
    case 'failed':
    case 'refused':
      return retryEndlessly(saga, outcome);
    case 'lost':
      return outcome;
    case 'done':
    case 'ended':
    case 'overtaken':
      return endSaga(saga, { state: 'superseded' });
  }
}
