import type { PendingCommand } from '../domain/command.ts';
import { isCatalogueOperation } from './decide-catalogue.ts';

/**
 * The commands to decide together, in order of acceptance: at most one per appointment, so that
 * each is decided on what the one before it left committed; a change of the catalogue alone.
 * Commands of an appointment wait behind one that is set aside.
 */
export function nextBatch(
  pending: readonly PendingCommand[],
  { setAside, limit }: { setAside: ReadonlySet<string>; limit: number },
): PendingCommand[] {
  const batch: PendingCommand[] = [];
  const taken = new Set<string>();
  for (const command of pending) {
    const appointmentId = command.appointment?.id;
    if (isCatalogueOperation(command.operation)) {
      if (setAside.has(command.id)) continue;
      if (batch.length === 0) batch.push(command);
      break;
    }
    if (appointmentId !== undefined && taken.has(appointmentId)) continue;
    if (appointmentId !== undefined) taken.add(appointmentId);
    if (setAside.has(command.id)) continue;
    batch.push(command);
    if (batch.length === limit) break;
  }
  return batch;
}
