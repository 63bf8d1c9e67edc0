import { holdsSlot } from '../domain/appointment-state.ts';
import type { PendingCommand } from '../domain/command.ts';
import type { DecidedCommandRow, TransitionRow } from '../store/write/decide.ts';
import { decide, revert } from './decide.ts';
import type { DecidedCommand, DecisionContext } from './decision.ts';
import { decisionRows } from './decision-rows.ts';
import type { RegionState } from './placement/region-state.ts';

export interface DecidedBatch {
  decisions: DecidedCommand[];
  transitions: TransitionRow[];
  commands: DecidedCommandRow[];
  /** Other regions in which a hold is freed. */
  otherRegions: string[];
}

/** One command of a batch could not be decided; memory is as it was before the batch. */
export class UndecidableCommand extends Error {
  override readonly name = 'UndecidableCommand';
  readonly command: PendingCommand;

  constructor(command: PendingCommand, cause: unknown) {
    super(`${command.operation} ${command.id} cannot be decided`, { cause });
    this.command = command;
  }
}

/** Decides commands in their order, each on what the one before it left in memory. */
export function decideBatch(
  state: RegionState,
  batch: readonly PendingCommand[],
  needs: { region: string; contextOf: (index: number) => DecisionContext },
): DecidedBatch {
  const done: DecidedBatch = { decisions: [], transitions: [], commands: [], otherRegions: [] };
  for (const [index, command] of batch.entries()) {
    try {
      const decided = decide(state, command, needs.contextOf(index));
      done.decisions.push(decided);
      const { transitions, command: row } = decisionRows(needs.region, decided);
      done.transitions.push(...transitions);
      done.commands.push(row);
      done.otherRegions.push(...regionsLeft(needs.region, decided));
    } catch (error) {
      revert(state, done.decisions);
      throw new UndecidableCommand(command, error);
    }
  }
  return done;
}

function regionsLeft(own: string, { transitions }: DecidedCommand): string[] {
  return transitions
    .filter(({ before, hold }) => hold !== undefined && holdsSlot(before.state))
    .map(({ before }) => before.region)
    .filter((region) => region !== own);
}
