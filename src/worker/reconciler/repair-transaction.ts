import { isTransient, sqlState, type Queries } from '../../io/postgres.ts';
import { limitRepairLockWaits } from '../../store/write/repair-appointments.ts';
import type { WorkerDependencies } from '../dependencies.ts';

const lockNotAvailable = '55P03';

/** Repairs something, all of it or nothing, and does not wait long for others. */
export function repairTransaction<T>(
  { database, config }: WorkerDependencies,
  work: (queries: Queries) => Promise<T>,
): Promise<T> {
  return database.transaction(async (queries) => {
    await limitRepairLockWaits(queries, config.reconciler.lockWaitMs);
    return work(queries);
  });
}

/** Whether a repair only lost against work in flight. */
export function isOutrun(error: unknown): boolean {
  return isTransient(error) || sqlState(error) === lockNotAvailable;
}
