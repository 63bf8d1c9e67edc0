import type { PendingCommand } from '../domain/command.ts';
import { sqlState } from '../io/postgres.ts';
import { buryCommand } from '../store/write/command-dead-letters.ts';
import { commitDecisions } from '../store/write/decide.ts';
import type { AloneParts } from './alone-parts.ts';
import { batchFrame } from './batch-frame.ts';
import { commitFailure } from './commit-failure.ts';
import { decideGivenUp } from './decide-given-up.ts';
import { decisionRows } from './decision-rows.ts';
import type { DecidedCommand } from './decision.ts';
import { publicDecision } from './public-decision.ts';

/** Why the last attempt failed, and how many there were. */
export interface Vain {
  attempts: number;
  error: unknown;
}

/**
 * Ends a command that cannot be committed: decided, so that its key answers and the commands behind
 * it go on, and a dead letter for the operator, in one transaction. Where the database does not
 * take the end of the appointment either, that stays as it is, and the dead letter says why.
 * Throws where nothing of it is committed, or nobody knows.
 */
export async function giveUp(
  parts: AloneParts,
  command: PendingCommand,
  vain: Vain,
): Promise<void> {
  const { needs, lease, memory, siblings, announce } = parts;
  const { clock, random, log, metrics } = needs;
  const decided = decideGivenUp(command, {
    attempts: vain.attempts,
    context: {
      ...{ now: clock.nowSeconds(), region: lease.region, position: memory.position + 1 },
      ...{ seed: random.seed(), sagaId: random.uuidV7() },
    },
  });
  const committed = await commitAsFarAsPossible(parts, decided, vain);
  memory.advance(1);
  const { id, tenantId: tenant, operation } = command;
  metrics.commandsGivenUp.inc({ operation });
  const where = { component: 'engine', tenant, region: lease.region, command_id: id };
  log.error({ ...where, operation, attempts: vain.attempts, err: vain.error }, 'command given up');
  const decision = publicDecision(committed);
  if (decision !== undefined) announce(decision, command);
  siblings.wake();
}

async function commitAsFarAsPossible(
  parts: AloneParts,
  decided: DecidedCommand,
  vain: Vain,
): Promise<DecidedCommand> {
  try {
    await commit(parts, decided, vain);
    return decided;
  } catch (error) {
    const isRefused = ['stale', 'overlap', 'refused'].includes(commitFailure(error));
    if (!isRefused || decided.transitions.length === 0) throw error;
    const without = { ...decided, transitions: [] };
    await commit(parts, without, { ...vain, error });
    return without;
  }
}

async function commit(
  { needs, lease, memory }: AloneParts,
  decided: DecidedCommand,
  { attempts, error }: Vain,
): Promise<void> {
  const { transitions, command } = decisionRows(lease.region, decided);
  const batch = batchFrame({ ...needs, lease, memory }, needs.clock.nowSeconds(), 1);
  const { id, tenantId } = decided.command;
  await needs.database.transaction(async (queries) => {
    await commitDecisions(queries, { ...batch, transitions, commands: [command] });
    await buryCommand(queries, { tenantId, id, attempts, reason: reasonOf(error) });
  });
}

const maxReasonLength = 1_000;

function reasonOf(error: unknown): string {
  const state = sqlState(error);
  const message = error instanceof Error ? error.message : String(error);
  return `${state === undefined ? '' : `${state}: `}${message}`.slice(0, maxReasonLength);
}
