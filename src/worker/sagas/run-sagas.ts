import { findSagaWork, type SagaWork } from '../../store/read/saga-work.ts';
import { finishTasks } from '../../store/write/tasks.ts';
import { crashPoints } from '../crash-points.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import type { RunningTask } from '../running-tasks.ts';
import type { FailedTask } from '../settle-failures.ts';
import { createSaga } from './create-saga.ts';
import { rescheduleSaga } from './reschedule-saga.ts';
import type { Saga, SagaInHand, StepOutcome } from './saga.ts';

export const sagas: ReadonlyMap<string, Saga> = new Map(
  [createSaga, rescheduleSaga].map((saga) => [saga.kind, saga]),
);

/**
 * Takes a batch of saga tasks through their remaining steps, all sagas of a kind together, step by
 * step. Answers the tasks that failed; the others are finished, superseded or no longer ours.
 */
export async function runSagas(
  dependencies: WorkerDependencies,
  tasks: readonly RunningTask[],
): Promise<FailedTask[]> {
  const failures: FailedTask[] = [];
  const inHand = await takeInHand(dependencies, { tasks, failures });
  for (const saga of sagas.values()) {
    const ofKind = inHand.filter(({ task }) => task.kind === saga.kind);
    if (ofKind.length > 0) failures.push(...(await runKind(dependencies, { saga, ofKind })));
  }
  return failures;
}

const noWorks: ReadonlyMap<string, SagaWork> = new Map();

async function takeInHand(
  { hotDatabase, database, epoch, identity }: WorkerDependencies,
  { tasks, failures }: { tasks: readonly RunningTask[]; failures: FailedTask[] },
): Promise<SagaInHand[]> {
  const unknown = tasks.flatMap(({ work, row: { tenant_id, saga_id } }) =>
    work !== undefined || saga_id === null ? [] : [{ tenant_id, saga_id }],
  );
  const works = unknown.length === 0 ? noWorks : await findSagaWork(hotDatabase, unknown);
  const inHand: SagaInHand[] = [];
  const ended: RunningTask[] = [];
  for (const task of tasks) {
    const { row, signal } = task;
    const work = task.work ?? works.get(row.saga_id ?? '');
    if (work === undefined || !sagas.has(row.kind)) {
      failures.push({ row, reason: 'no such saga', permanent: true });
    } else if (work.finished) ended.push(task);
    else inHand.push({ task: row, work, signal, journal: [] });
  }
  if (ended.length > 0) {
    const owner = { epoch: epoch.current(), processId: identity.processId };
    const rows = ended.map(({ row }) => row);
    await finishTasks(database, owner, rows);
  }
  return inHand;
}

async function runKind(
  dependencies: WorkerDependencies,
  { saga, ofKind }: { saga: Saga; ofKind: readonly SagaInHand[] },
): Promise<FailedTask[]> {
  const failures: FailedTask[] = [];
  let waiting = ofKind;
  for (const step of saga.steps) {
    if (waiting.length === 0) break;
    const name = { kind: saga.kind, step: step.name };
    await crashPoints.beforeStep(dependencies, name);
    const startedMs = dependencies.clock.nowMs();
    const outcomes = await step.run(dependencies, waiting);
    const finishedMs = dependencies.clock.nowMs();
    await crashPoints.afterStep(dependencies, name);
    const goingOn: SagaInHand[] = [];
    for (const [index, inHand] of waiting.entries()) {
      const outcome = outcomes[index];
      if (outcome?.kind === 'succeeded') {
        const { externalReference } = outcome;
        // Where nothing outside was touched there is nothing to tell of, nor to take back.
        if (externalReference !== null) {
          inHand.journal.push({ step: step.name, startedMs, finishedMs, externalReference });
        }
        goingOn.push(inHand);
      } else if (outcome?.kind === 'failed') {
        failures.push({ row: inHand.task, reason: outcome.reason, permanent: outcome.permanent });
      }
    }
    reportCommits(dependencies, outcomes);
    waiting = goingOn;
  }
  return failures;
}

function reportCommits(
  { onCommitted, log }: WorkerDependencies,
  outcomes: readonly StepOutcome[],
): void {
  if (outcomes.some((outcome) => outcome.kind === 'committed' && outcome.confirmed)) {
    onCommitted?.();
  }
  const lost = outcomes.filter(({ kind }) => kind === 'lost').length;
  if (lost > 0) log.warn({ component: 'worker', lost }, 'sagas were taken over by another worker');
}
