import type { Operation, PendingCommand } from '../domain/command.ts';
import { isCatalogueOperation } from './catalogue-change.ts';

export interface BatchRules {
  /** Commands that failed a short while ago: those of their appointments wait behind them. */
  setAside: ReadonlySet<string>;
  /** Commands that failed once: decided alone, so that they spoil no other's commit. */
  alone: ReadonlySet<string>;
  limit: number;
}

export interface NextBatch {
  batch: PendingCommand[];
  /** Whether everything pending was looked at: more can come only from beyond it. */
  exhausted: boolean;
}

/**
 * The commands to decide together, in order of acceptance: at most one per appointment, so that
 * each is decided on what the one before it left committed; a change of the catalogue alone, and
 * what may import busy time.
 */
export function nextBatch(pending: readonly PendingCommand[], rules: BatchRules): NextBatch {
  const batch: PendingCommand[] = [];
  const taken = new Set<string>();
  for (const command of pending) {
    const appointmentId = command.appointment?.id;
    if (appointmentId !== undefined) {
      if (taken.has(appointmentId)) continue;
      taken.add(appointmentId);
    }
    if (command.waits || rules.setAside.has(command.id)) continue;
    if (isDecidedAlone(command.operation) || rules.alone.has(command.id)) {
      return { batch: batch.length === 0 ? [command] : batch, exhausted: false };
    }
    batch.push(command);
    if (batch.length >= rules.limit) return { batch, exhausted: false };
  }
  return { batch, exhausted: true };
}

function isDecidedAlone(operation: Operation): boolean {
  return operation === 'replan' || isCatalogueOperation(operation);
}
