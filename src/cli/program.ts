import { Command } from 'commander';
import { addAudit } from './audit.ts';
import { addBook } from './book.ts';
import { addConfig } from './config.ts';
import { addCustomers } from './customers.ts';
import { addDb } from './db.ts';
import { addDeadLetters } from './deadletters.ts';
import { addExport } from './export.ts';
import { addImport } from './import.ts';
import { addKeys } from './keys.ts';
import { addOutbox } from './outbox.ts';
import type { Surroundings } from './surroundings.ts';

/** The command line but for `start`, which is the service itself. */
export function createProgram(surroundings: Surroundings): Command {
  const program = new Command('slotwright');
  const { terminal } = surroundings;
  program
    .description('Appointment scheduling: idempotent, durable, crash-safe')
    .addHelpText('after', '\n  slotwright start         Run the service.')
    // Commands copy these settings when they are added, hence first.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.complain(text.trimEnd()),
    });
  addConfig(program, surroundings);
  addImport(program, surroundings);
  addBook(program, surroundings);
  addExport(program, surroundings);
  addKeys(program, surroundings);
  addCustomers(program, surroundings);
  addDeadLetters(program, surroundings);
  addAudit(program, surroundings);
  addOutbox(program, surroundings);
  addDb(program, surroundings);
  return program;
}
