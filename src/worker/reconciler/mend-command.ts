import { Problem } from '../../contract/problem.ts';
import type { CommandOrphan } from '../../store/read/orphans-commands.ts';
import { refuseOrphanCommand, rehomeCommand } from '../../store/write/repair-commands.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import type { Mending } from './orphan.ts';
import { repairTransaction } from './repair-transaction.ts';

const explanations: Record<CommandOrphan['fault'], string> = {
  'command-without-appointment': 'the appointment is not there any more',
  'command-without-region': 'there is no region that could decide it',
};

/** Brings a command to where it can be decided; refuses it where that is nowhere. */
export function mendCommand(
  dependencies: WorkerDependencies,
  { fault: kind, ...command }: CommandOrphan,
): Promise<Mending[]> {
  const epoch = dependencies.epoch.current();
  return repairTransaction(dependencies, async (queries) => {
    if (kind === 'command-without-region' && (await rehomeCommand(queries, epoch, command))) {
      return [{ kind, action: 'command-rehomed' }];
    }
    const problem = new Problem('not-found', explanations[kind]).document();
    const refused = await refuseOrphanCommand(queries, epoch, { ...command, problem });
    return refused ? [{ kind, action: 'command-refused' }] : [];
  });
}
