import type { PendingCommand } from '../domain/command.ts';
import type { TurnResult } from '../io/polling-loop.ts';
import type { AloneParts } from './alone-parts.ts';
import type { BatchPolicy, Setback } from './batch-policy.ts';
import { commitFailure } from './commit-failure.ts';
import { UndecidableCommand } from './decide-batch.ts';
import { giveUp } from './give-up.ts';

export interface RecoverParts extends AloneParts {
  policy: BatchPolicy;
}

interface Failed {
  setback: Setback;
  error: unknown;
  batch: readonly PendingCommand[];
}

/**
 * Prepares for the next attempt at a batch that is known not to have happened; an error that says
 * less than that is thrown on.
 */
export async function recoverBatch(
  parts: RecoverParts,
  error: unknown,
  batch: readonly PendingCommand[],
): Promise<TurnResult> {
  if (error instanceof UndecidableCommand) {
    const { cause, command } = error;
    await remedy(parts, { setback: 'undecidable', error: cause, batch: [command] });
    return 'full';
  }
  const setback = await setbackOf(parts, error);
  if (setback === undefined) return 'some';
  await remedy(parts, { setback, error, batch });
  return 'full';
}

/** Undefined where the batch is not at fault. */
async function setbackOf(
  { needs: { epoch }, memory }: RecoverParts,
  error: unknown,
): Promise<Setback | undefined> {
  const failure = commitFailure(error);
  switch (failure) {
    case 'unknown':
    case 'unavailable':
      throw error;
    case 'closed':
      await epoch.refresh();
      return undefined;
    case 'deposed':
      // Tells whether the region is another's, or memory is only older than the database.
      await memory.verify();
      return undefined;
    case 'stale':
    case 'overlap':
    case 'refused':
      return failure;
  }
}

async function remedy(parts: RecoverParts, failed: Failed): Promise<void> {
  const { setback, error, batch } = failed;
  const { policy, lease, memory } = parts;
  const { clock, log } = parts.needs;
  const chosen = policy.failed(setback, batch, clock.monotonicMs());
  const facts = { tenant: lease.tenantId, region: lease.region, setback, size: batch.length };
  switch (chosen) {
    case 'reload':
      memory.drop();
      log.warn({ ...facts, remedy: chosen }, 'batch not committed');
      return;
    case 'retry':
      if (setback !== 'stale') log.warn({ ...facts, remedy: chosen }, 'batch not committed');
      return;
    case 'set-aside': {
      const command_id = batch.map(({ id }) => id).join();
      log.error({ ...facts, err: error, command_id }, 'command set aside');
      return;
    }
    case 'give-up':
      for (const command of batch) await endIt(parts, command, error);
  }
}

async function endIt(parts: RecoverParts, command: PendingCommand, error: unknown): Promise<void> {
  const { policy, needs } = parts;
  try {
    await giveUp(parts, command, { attempts: policy.attempts(command.id), error });
    policy.succeeded([command]);
  } catch (failure) {
    if ((await setbackOf(parts, failure)) === undefined) return;
    needs.log.error({ err: failure, command_id: command.id }, 'command not even given up');
  }
}
