import type { SagaWork } from '../store/read/saga-work.ts';
import type { TaskRow } from '../store/write/tasks.ts';
import type { RunningTask, RunningTasks } from './running-tasks.ts';

/** A saga's task that is leased to this process from the start. */
export interface LeasedSaga {
  task: TaskRow;
  work: SagaWork;
}

/**
 * Tasks that the engine of this process began under our lease, waiting for their turn. They count
 * as running: their leases are renewed, and what is left at the end is given back.
 */
export interface HandedOver {
  /** How many more are taken; beyond it they are begun without a lease, for anyone to claim. */
  room(): number;
  take(sagas: readonly LeasedSaga[]): void;
  next(limit: number): RunningTask[];
}

export function handedOver(
  running: RunningTasks,
  { limit, onTaken }: { limit: number; onTaken: () => void },
): HandedOver {
  const waiting: RunningTask[] = [];
  return {
    room: () => limit - waiting.length,
    take: (sagas) => {
      const tasks = running.add(sagas.map(({ task }) => task));
      for (const [index, task] of tasks.entries()) {
        const work = sagas[index]?.work;
        waiting.push({ ...task, ...(work && { work }) });
      }
      onTaken();
    },
    // A lease that was lost while its task waited is somebody else's task by now.
    next: (count) => waiting.splice(0, count).filter(({ signal }) => !signal.aborted),
  };
}
