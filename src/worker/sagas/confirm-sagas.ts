import { isTransient } from '../../io/postgres.ts';
import type { SagaWork } from '../../store/read/saga-work.ts';
import {
  confirmAppointments,
  type Confirmation,
  type ConfirmRow,
} from '../../store/write/confirm.ts';
import type { TaskRow } from '../../store/write/tasks.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { isNobodysFault } from '../nobodys-fault.ts';
import { confirmRow } from './confirm-row.ts';

/** A saga that calls nobody: it has but to be confirmed. */
export interface QuietSaga {
  task: TaskRow;
  work: SagaWork;
}

export type ConfirmOutcome =
  { kind: 'confirmed' | 'superseded' | 'lost' } | { kind: 'failed'; reason: string };

const quickRetries = 3;

/**
 * Confirms a batch in one statement. Where it fails for the data of one row, the rows are run one
 * by one, so that a bad one fails alone. Answers in the order of the sagas.
 */
export async function confirmSagas(
  dependencies: WorkerDependencies,
  sagas: readonly QuietSaga[],
): Promise<ConfirmOutcome[]> {
  const rows = sagas.map(({ task, work }) =>
    confirmRow(dependencies, { task, ...work, attempt: task.attempts }),
  );
  // Locks are taken in this order; the fewer orders there are, the fewer deadlocks.
  const ordered = [...rows].sort((a, b) => (a.appointment_id < b.appointment_id ? -1 : 1));
  try {
    const confirmations = await commit(dependencies, ordered);
    const byTask = new Map(
      confirmations.map((confirmation) => [confirmation.task_id, confirmation]),
    );
    return rows.map((row) => outcomeOf(byTask.get(row.task_id)));
  } catch (error) {
    if (isNobodysFault(error)) throw error;
    if (rows.length === 1) return [{ kind: 'failed', reason: messageOf(error) }];
  }
  const outcomes: ConfirmOutcome[] = [];
  for (const saga of sagas) outcomes.push(...(await confirmSagas(dependencies, [saga])));
  return outcomes;
}

async function commit(
  { hotDatabase, epoch, identity }: WorkerDependencies,
  rows: readonly ConfirmRow[],
): Promise<Confirmation[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const owner = { epoch: epoch.current(), processId: identity.processId };
      return await confirmAppointments(hotDatabase, owner, rows);
    } catch (error) {
      if (attempt > quickRetries || !isTransient(error)) throw error;
    }
  }
}

function outcomeOf(confirmation: Confirmation | undefined): ConfirmOutcome {
  if (confirmation === undefined) return { kind: 'lost' };
  return { kind: confirmation.confirmed ? 'confirmed' : 'superseded' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
