import { Argument, Option, type Command } from 'commander';
import { ListAppointments } from '../contract/list-appointments.ts';
import { parseInstant } from '../domain/slot.ts';
import type { HttpClient } from '../io/http-client.ts';
import { noProgress, type Progress } from '../io/terminal.ts';
import { addServiceOptions, connect, type ServiceOptions } from './connection.ts';
import { csvLine } from './csv-line.ts';
import { addExamples } from './examples.ts';
import { openExportOutput, type ExportOutput } from './export-output.ts';
import { columnsOf, exportedRow, exportSections, type ExportSection } from './export-section.ts';
import { Failure } from './failure.ts';
import { formatOfName } from './input-rows.ts';
import { listPages } from './list-pages.ts';
import { schemaErrors } from './schema-errors.ts';
import type { Surroundings } from './surroundings.ts';

type What = 'all' | 'catalogue' | 'appointments';

interface Options extends ServiceOptions {
  format?: 'ndjson' | 'csv';
  out?: string;
  resume?: string;
  from?: string;
  to?: string;
  state?: string;
  customer?: string;
  resource?: string;
  json?: boolean;
}

export function addExport(program: Command, surroundings: Surroundings): void {
  const what = new Argument('[what]', 'what to write');
  const command = program
    .command('export')
    .description(
      'Write the catalogue and the appointments, such that import and book read them back: ' +
        'import takes the catalogue of a file, book its open appointments.',
    )
    .addArgument(what.choices(['all', 'catalogue', 'appointments']).default('all'))
    .addOption(
      new Option('--format <format>', 'default: by the name of --out, else ndjson').choices([
        'ndjson',
        'csv',
      ]),
    )
    .option('--out <file>', 'write there, once everything is read (default: standard output)')
    .option('--resume <file>', 'keep the place there, and go on from it after an interruption')
    .option('--from <instant>', 'appointments that end after it, 2030-01-07T00:00:00Z')
    .option('--to <instant>', 'appointments that start before it')
    .option('--state <states>', 'appointments in these states, separated by commas')
    .option('--customer <id>', "one customer's appointments")
    .option('--resource <id>', "one resource's appointments")
    .option('--json', 'summary in JSON');
  addServiceOptions(command).action((wanted: What, options: Options) =>
    exportLists({ wanted, options, surroundings }),
  );
  addExamples(command, [
    'slotwright export > everything.ndjson',
    'slotwright export catalogue --out catalogue.csv',
    'slotwright export appointments --state CONFIRMED --from 2030-01-01T00:00:00Z --out a.csv',
    'slotwright export --out all.ndjson --resume all.cursor     (the same again goes on)',
  ]);
}

interface Plan {
  sections: readonly ExportSection[];
  format: 'ndjson' | 'csv';
  query: Record<string, string>;
}

interface Export {
  wanted: What;
  options: Options;
  surroundings: Surroundings;
}

async function exportLists({ wanted, options, surroundings }: Export): Promise<void> {
  const plan = planOf(wanted, options);
  const { clock, terminal } = surroundings;
  const startedMs = clock.monotonicMs();
  const client = await connect(options, surroundings.environment);
  const identity = JSON.stringify([options.url ?? null, wanted, plan.format, plan.query]);
  try {
    const output = await openExportOutput({ ...options, identity }, terminal);
    // Standard output may be on the very terminal, or what reads it may be.
    const progress = options.out === undefined ? noProgress : terminal.progress('export');
    let counts: Record<string, number>;
    try {
      counts = await writeAll({ plan, client, output, progress, surroundings });
      await output.finish();
    } catch (error) {
      await output.leave();
      throw error;
    } finally {
      progress.stop();
    }
    const seconds = Math.round((clock.monotonicMs() - startedMs) / 10) / 100;
    const summary = options.json ? JSON.stringify({ ...counts, seconds }) : told(counts, seconds);
    // Standard output may hold the export itself.
    if (options.out === undefined) terminal.complain(summary);
    else terminal.print(summary);
  } finally {
    client.close();
  }
}

function planOf(wanted: What, options: Options): Plan {
  const query = queryOf(options);
  if (options.resume !== undefined && options.out === undefined) {
    throw new Failure('--resume needs --out', { exitStatus: 2 });
  }
  if (wanted === 'catalogue' && Object.keys(query).length > 0) {
    throw new Failure('the catalogue is written whole: the options given narrow appointments', {
      exitStatus: 2,
    });
  }
  const byName = options.out === undefined ? 'ndjson' : formatOfName(options.out);
  return {
    sections: exportSections.filter(
      ({ kind }) => wanted === 'all' || (kind === 'appointment') === (wanted === 'appointments'),
    ),
    format: options.format ?? (byName === 'csv' ? 'csv' : 'ndjson'),
    query,
  };
}

const errorsOf = schemaErrors(ListAppointments);
const optionNames: Record<string, string> = { customer_id: 'customer', resource_id: 'resource' };

function queryOf({ from, to, state, customer, resource }: Options): Record<string, string> {
  const given = { from, to, state, customer_id: customer, resource_id: resource };
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const isInstant = name !== 'from' && name !== 'to' ? true : parseInstant(value) !== undefined;
    if (!isInstant || errorsOf({ [name]: value }).length > 0) {
      const option = `--${optionNames[name] ?? name}`;
      throw new Failure(`${option} "${value}" is not well-formed`, { exitStatus: 2 });
    }
    query[name] = value;
  }
  return query;
}

interface Writing {
  plan: Plan;
  client: HttpClient;
  output: ExportOutput;
  progress: Progress;
  surroundings: Surroundings;
}

/** Answers how many rows of each kind there are, those of an earlier run included. */
async function writeAll(writing: Writing): Promise<Record<string, number>> {
  const { plan, client, output, progress, surroundings } = writing;
  const { sections, format, query } = plan;
  const { place } = output;
  const columns = columnsOf(sections);
  const counts = { ...place.counts };
  const isBeginning = place.section === 0 && place.cursor === null;
  if (format === 'csv' && isBeginning) await output.write(`${columns.join(',')}\n`);
  for (const [index, section] of sections.entries()) {
    if (index < place.section) continue;
    const { kind, list } = section;
    const narrowed = kind === 'appointment' ? query : {};
    const cursor = index === place.section ? place.cursor : null;
    counts[kind] ??= 0;
    for await (const page of listPages({ client, surroundings, list, query: narrowed, cursor })) {
      const rows = page.items.map((item) => exportedRow(section, item));
      const lines = rows.map((row) =>
        format === 'csv' ? csvLine(columns, row) : JSON.stringify(row),
      );
      if (lines.length > 0) await output.write(`${lines.join('\n')}\n`);
      counts[kind] += rows.length;
      progress.advance(rows.length);
      const next = page.next_cursor;
      await output.reached({ section: next === null ? index + 1 : index, cursor: next, counts });
    }
  }
  return counts;
}

function told(counts: Record<string, number>, seconds: number): string {
  const kinds = Object.entries(counts).map(([kind, count]) => {
    const name = kind.replace('_', ' ');
    return `${count} ${count === 1 ? name : `${name}s`}`;
  });
  return `exported ${kinds.join(', ')} in ${seconds} s`;
}
