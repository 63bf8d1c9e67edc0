import type { HoldOrphan } from '../../store/read/orphans-holds.ts';
import { lockRegions } from '../../store/write/lock-regions.ts';
import { deleteStrayHold } from '../../store/write/repair-holds.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import type { Mending } from './orphan.ts';
import { repairTransaction } from './repair-transaction.ts';

/** Deletes a hold whose appointment is not there at all. */
export function mendHold(dependencies: WorkerDependencies, hold: HoldOrphan): Promise<Mending[]> {
  const { epoch } = dependencies;
  return repairTransaction(dependencies, async (queries) => {
    await lockRegions(queries, hold.tenant_id, [hold.region]);
    const deleted = await deleteStrayHold(queries, epoch.current(), hold);
    return deleted ? [{ kind: 'hold-without-booking', action: 'hold-deleted' }] : [];
  });
}
