import { findSagaWork, type SagaWork } from '../../store/read/saga-work.ts';
import { finishTasks } from '../../store/write/tasks.ts';
import { crashPoints } from '../crash-points.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import type { RunningTask } from '../running-tasks.ts';
import type { FailedTask } from '../settle-failures.ts';
import { confirmSagas, type ConfirmOutcome, type QuietSaga } from './confirm-sagas.ts';
import { sagas } from './sagas.ts';

/**
 * Runs sagas of appointments whose resources have no calendar, now or before: nobody is called, and
 * of their steps only the last has anything to do. A whole batch is one statement. Answers the
 * tasks that failed; the others are finished, superseded or no longer ours.
 */
export async function runQuietSagas(
  dependencies: WorkerDependencies,
  tasks: readonly RunningTask[],
): Promise<FailedTask[]> {
  const failures: FailedTask[] = [];
  const inHand = await takeInHand(dependencies, { tasks, failures });
  for (const { kind } of sagas.values()) {
    const ofKind = inHand.filter(({ task }) => task.kind === kind);
    if (ofKind.length === 0) continue;
    await crashPoints.beforeStep(dependencies, { kind, step: 'confirm' });
    const outcomes = await confirmSagas(dependencies, ofKind);
    await crashPoints.afterStep(dependencies, { kind, step: 'confirm' });
    for (const [index, { task }] of ofKind.entries()) {
      const outcome = outcomes[index];
      if (outcome?.kind === 'failed') failures.push({ row: task, reason: outcome.reason });
    }
    report(dependencies, kind, outcomes);
  }
  return failures;
}

const noWorks: ReadonlyMap<string, SagaWork> = new Map();

async function takeInHand(
  { hotDatabase, database, epoch, identity }: WorkerDependencies,
  { tasks, failures }: { tasks: readonly RunningTask[]; failures: FailedTask[] },
): Promise<QuietSaga[]> {
  const unknown = tasks.flatMap(({ work, row: { tenant_id, saga_id } }) =>
    work !== undefined || saga_id === null ? [] : [{ tenant_id, saga_id }],
  );
  const works = unknown.length === 0 ? noWorks : await findSagaWork(hotDatabase, unknown);
  const inHand: QuietSaga[] = [];
  const ended: RunningTask[] = [];
  for (const task of tasks) {
    const { row } = task;
    const work = task.work ?? works.get(row.saga_id ?? '');
    if (work === undefined || !sagas.has(row.kind)) {
      failures.push({ row, reason: 'no such saga', permanent: true });
    } else if (work.finished) ended.push(task);
    else inHand.push({ task: row, work });
  }
  if (ended.length > 0) {
    const owner = { epoch: epoch.current(), processId: identity.processId };
    const rows = ended.map(({ row }) => row);
    await finishTasks(database, owner, rows);
  }
  return inHand;
}

function report(
  { onCommitted, log, metrics }: WorkerDependencies,
  kind: string,
  outcomes: readonly ConfirmOutcome[],
): void {
  const count = (wanted: ConfirmOutcome['kind']): number =>
    outcomes.filter((outcome) => outcome.kind === wanted).length;
  const [confirmed, superseded, lost] = [count('confirmed'), count('superseded'), count('lost')];
  if (confirmed > 0) onCommitted?.();
  if (confirmed > 0) metrics.sagasEnded.inc({ kind, outcome: 'done' }, confirmed);
  if (superseded > 0) metrics.sagasEnded.inc({ kind, outcome: 'superseded' }, superseded);
  if (lost > 0) log.warn({ component: 'worker', lost }, 'sagas were taken over by another worker');
}
