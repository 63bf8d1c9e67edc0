import { findCalendarSaga } from '../../store/read/calendar-saga.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import type { RunningTask } from '../running-tasks.ts';
import type { CalledSaga } from './called-saga.ts';

/** A saga as the database has it now; undefined where there is none. */
export async function sagaInHand(
  dependencies: WorkerDependencies,
  { row: task, signal }: Pick<RunningTask, 'row' | 'signal'>,
): Promise<CalledSaga | undefined> {
  const { saga_id } = task;
  if (saga_id === null) return undefined;
  const work = await findCalendarSaga(dependencies.hotDatabase, { ...task, saga_id });
  return work && { dependencies, task, signal, work, leftBehind: false };
}
