import type { SagaOrphan } from '../../store/read/orphans-sagas.ts';
import { giveSagaItsTask } from '../../store/write/repair-sagas.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import type { Mending } from './orphan.ts';
import { repairTransaction } from './repair-transaction.ts';

/** Gives a saga that nobody runs its task again. */
export function mendSaga(dependencies: WorkerDependencies, saga: SagaOrphan): Promise<Mending[]> {
  const { epoch } = dependencies;
  return repairTransaction(dependencies, async (queries) => {
    const given = await giveSagaItsTask(queries, epoch.current(), saga);
    return given ? [{ kind: 'saga-without-task', action: 'task-restored' }] : [];
  });
}
