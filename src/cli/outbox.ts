import type { Command } from 'commander';
import { parseSettings } from '../contract/settings.ts';
import { drainOutbox, type Drained } from '../migrate/drain-outbox.ts';
import { addExamples } from './examples.ts';
import { Failure } from './failure.ts';
import { withServiceDatabase } from './service-database.ts';
import type { Surroundings } from './surroundings.ts';
import { wholeNumberOption } from './whole-number-option.ts';

export function addOutbox(program: Command, { environment, terminal, clock }: Surroundings): void {
  const outbox = program.command('outbox').description('Events on their way to the bus.');
  const drain = outbox
    .command('drain')
    .description('Wait until the relays have published everything, and say so.')
    .option('--timeout <seconds>', 'how long at most', wholeNumberOption(0, 86_400), 60)
    .option('--json', 'report in JSON')
    .action(async ({ timeout, json = false }: { timeout: number; json?: boolean }) => {
      const drained = await withServiceDatabase(parseSettings(environment), (database) =>
        drainOutbox({ database, clock }, { timeoutMs: timeout * 1_000 }),
      );
      const { waiting, parked, relays, isEmpty } = drained;
      if (json) terminal.print(JSON.stringify({ waiting, parked, relays }));
      else if (isEmpty) terminal.print('the outbox is empty');
      if (!isEmpty) throw new Failure(`not empty: ${reasonOf(drained)}`, { reported: json });
    });
  addExamples(drain, ['slotwright outbox drain --timeout 300']);
}

function reasonOf({ waiting, parked, relays }: Drained): string {
  const reasons = [`${waiting} events wait`];
  if (relays === 0) reasons.push('no relay is running');
  if (parked > 0) reasons.push(`${parked} appointments are parked: see slotwright deadletters`);
  return reasons.join(', ');
}
