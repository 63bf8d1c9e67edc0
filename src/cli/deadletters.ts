import { InvalidArgumentError, Option, type Command } from 'commander';
import { patterns } from '../contract/fields.ts';
import { parseSettings } from '../contract/settings.ts';
import { formatInstant } from '../domain/slot.ts';
import {
  changeDeadLetters,
  deadLetterPages,
  letterKinds,
  type Letter,
  type LetterSelection,
} from './dead-letter-pages.ts';
import { changedHere } from './changed-here.ts';
import { addExamples } from './examples.ts';
import { Failure } from './failure.ts';
import { withServiceDatabase } from './service-database.ts';
import type { Surroundings } from './surroundings.ts';
import { table } from './table.ts';
import { wholeNumberOption } from './whole-number-option.ts';

type Options = Omit<LetterSelection, 'ids'> & { json?: boolean };
type ChangeOptions = Options & { all?: boolean };
type Change = 'redrive' | 'discard';

export function addDeadLetters(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('deadletters')
    .description('Tasks, events and appointments that were given up, in the database itself.');
  selecting(command.command('list'))
    .description('List them, with the reason of each.')
    .option('--limit <count>', 'how many at most', wholeNumberOption(1, 100_000), 100)
    .action((options: Options & { limit: number }) => list(options, surroundings));
  addExamples(
    changing(command, 'redrive', surroundings).description(
      'Let them be tried again: tasks from their first attempt, events by their consumer, ' +
        'parked appointments on the bus.',
    ),
    [
      'slotwright deadletters redrive 4711',
      'slotwright deadletters redrive --all --kind task --lane notification',
    ],
  );
  changing(command, 'discard', surroundings).description(
    "Give tasks and events up for good; what waits behind an event goes on. A saga's task and a " +
      'parked appointment can only be redriven.',
  );
}

function changing(parent: Command, change: Change, surroundings: Surroundings): Command {
  return selecting(parent.command(change))
    .argument('[ids...]', 'as deadletters list shows them', idsOf)
    .option('--all', 'all that the options select')
    .action((ids: string[] | undefined, options: ChangeOptions) =>
      act(change, { ids: ids ?? [], options }, surroundings),
    );
}

function selecting(command: Command): Command {
  const id = new RegExp(patterns.uuid);
  return command
    .addOption(new Option('--kind <kind>', 'only these').choices(letterKinds))
    .option('--tenant <id>', 'only those of this tenant')
    .option('--lane <lane>', 'only tasks of this lane')
    .addOption(
      new Option('--appointment <id>', 'only those of this appointment').argParser((text) => {
        if (id.test(text)) return text.toLowerCase();
        throw new InvalidArgumentError('It must be an appointment id.');
      }),
    )
    .option('--json', 'report in JSON');
}

function idsOf(text: string, earlier: string[] | undefined): string[] {
  const isId = /^\d{1,15}$/.test(text) || new RegExp(patterns.uuid).test(text);
  if (!isId) throw new InvalidArgumentError('It must be an id that deadletters list shows.');
  return [...(earlier ?? []), text.toLowerCase()];
}

async function list(
  { limit, json, ...selection }: Options & { limit: number },
  { environment, terminal }: Surroundings,
): Promise<void> {
  const items = await withServiceDatabase(parseSettings(environment), async (database) => {
    const found: Letter[] = [];
    for await (const page of deadLetterPages(database, selection)) {
      found.push(...page);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit).map(shown);
  });
  if (json) return terminal.print(JSON.stringify({ items }));
  if (items.length === 0) return terminal.complain('there are none');
  const header = ['id', 'kind', 'tenant', 'of', 'appointment', 'attempts', 'died', 'reason'];
  const cells = items.map((item) => [
    ...[item.id, item.kind, item.tenant, of(item), item.appointment_id ?? '-'],
    ...[String(item.attempts ?? '-'), item.died_at, item.reason],
  ]);
  terminal.print(table(header, cells));
}

function shown({ id, kind, row }: Letter) {
  const { tenant_id: tenant, appointment_id, reason } = row;
  const common = { id, kind, tenant, appointment_id, reason };
  if (kind === 'parked') {
    return { ...common, lane: null, name: null, version: null, attempts: null, died_at: at(row) };
  }
  const { lane, kind: name, version, attempts } = row;
  return { ...common, lane, name, version, attempts, died_at: at(row) };
}

function at(row: { died_s: number } | { parked_s: number }): string {
  return formatInstant('died_s' in row ? row.died_s : row.parked_s);
}

function of({ kind, lane, name, version }: ReturnType<typeof shown>): string {
  if (kind === 'parked') return 'the bus';
  return kind === 'event' ? `${name} v${version}` : `${lane} ${name}`;
}

async function act(
  change: Change,
  {
    ids,
    options: { all = false, json = false, ...selection },
  }: { ids: string[]; options: ChangeOptions },
  { environment, terminal, account }: Surroundings,
): Promise<void> {
  if (all === ids.length > 0) throw new Failure('name ids, or say --all', { exitStatus: 2 });
  const selected = all ? selection : { ...selection, ids };
  const done: string[] = [];
  const by = changedHere({ account });
  await withServiceDatabase(parseSettings(environment), async (database) => {
    for await (const letters of deadLetterPages(database, selected)) {
      done.push(...(await changeDeadLetters(database, { change, letters, by })));
    }
  });
  const kept = ids.filter((id) => !done.includes(id));
  const verb = change === 'redrive' ? 'redriven' : 'discarded';
  if (json) terminal.print(JSON.stringify({ [verb]: done, not_changed: kept }));
  else terminal.print(`${verb} ${done.length}`);
  if (kept.length === 0) return;
  throw new Failure(`not there, or not to be ${verb}: ${kept.join(', ')}`, { reported: json });
}
