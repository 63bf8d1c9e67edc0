import { InvalidArgumentError, type Command } from 'commander';
import { patterns } from '../contract/fields.ts';
import { addExamples } from './examples.ts';
import { eraseCustomer } from './erase-customer.ts';
import { exportCustomer } from './export-customer.ts';
import type { Surroundings } from './surroundings.ts';
import { wholeNumberOption } from './whole-number-option.ts';

export function addCustomers(program: Command, surroundings: Surroundings): void {
  const customers = program
    .command('customers')
    .description('What is kept about a person, in the database itself.');
  const exporting = ofCustomer(customers.command('export'))
    .description('Write everything that is kept about a customer, as one JSON object.')
    .option('--out <file>', 'write there, once everything is read (default: standard output)')
    .action((id: string, options: { tenant: string; out?: string; json?: boolean }) =>
      exportCustomer(id, options, surroundings),
    );
  addExamples(exporting, [
    'slotwright customers export 018f3c1e-7b4a-7c3d-9e2f-5a6b7c8d9e0f --out ann.json',
  ]);
  const erasing = ofCustomer(customers.command('erase'))
    .description(
      'Erase contact data, metadata and free text for good. What happened, and when, stays under ' +
        'the id. May be run again, and after an interruption goes on.',
    )
    .option('--cancel', 'cancel what lies ahead first; without it that is a reason to refuse')
    .option(
      '--timeout <seconds>',
      'how long to wait until it is cancelled',
      wholeNumberOption(0, 86_400),
      60,
    )
    .action((id: string, options: EraseOptions) => eraseCustomer(id, options, surroundings));
  addExamples(erasing, [
    'slotwright customers erase 018f3c1e-7b4a-7c3d-9e2f-5a6b7c8d9e0f --cancel',
  ]);
}

interface EraseOptions {
  tenant: string;
  cancel?: boolean;
  timeout: number;
  json?: boolean;
}

const uuid = new RegExp(patterns.uuid);

function ofCustomer(command: Command): Command {
  return command
    .argument('<id>', 'the customer_id', (text: string) => {
      if (uuid.test(text)) return text.toLowerCase();
      throw new InvalidArgumentError('It must be a UUID.');
    })
    .option('--tenant <id>', 'whose customer it is', 'default')
    .option('--json', 'report in JSON');
}
