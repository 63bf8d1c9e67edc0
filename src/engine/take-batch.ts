import type { PendingCommand } from '../domain/command.ts';
import type { Queries } from '../io/postgres.ts';
import { findPendingCommands } from '../store/read/pending-commands.ts';
import { batchSize, searchLimit } from './config.ts';
import { nextBatch, type BatchRules } from './next-batch.ts';

/** The region's next batch, and whether more is known to be waiting behind it. */
export async function takeBatch(
  queries: Queries,
  { tenantId, region }: { tenantId: string; region: string },
  rules: BatchRules,
): Promise<{ batch: PendingCommand[]; more: boolean }> {
  for (let limit = batchSize; ; limit *= 4) {
    const pending = await findPendingCommands(queries, { tenantId, region, limit });
    const { batch, exhausted } = nextBatch(pending, rules);
    // Most of what was found may wait behind others of its appointment: then look further.
    const further = exhausted && pending.length === limit && batch.length < batchSize / 2;
    if (!further || limit >= searchLimit) return { batch, more: pending.length > batch.length };
  }
}
