import { Argument, Option, type Command } from 'commander';
import type { HttpClient } from '../io/http-client.ts';
import { catalogueProblems } from './catalogue-problems.ts';
import { referenceProblems } from './catalogue-references.ts';
import { catalogueRows, kinds, type CatalogueRow, type Kind } from './catalogue-rows.ts';
import { concurrently } from './concurrently.ts';
import { addConnectionOptions, connect, type ConnectionOptions } from './connection.ts';
import { Failure } from './failure.ts';
import { inputFormat, nameOf, readInput, type InputFormat } from './input-rows.ts';
import { patientSend, problemText } from './patient-send.ts';
import type { Surroundings } from './surroundings.ts';

interface Options extends ConnectionOptions {
  format?: InputFormat;
  json?: boolean;
}

type Counts = Record<Kind, { created: number; updated: number }>;

const paths: Record<Kind, string> = {
  service_type: 'service-types',
  location: 'locations',
  resource: 'resources',
  customer: 'customers',
};

export function addImport(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('import')
    .description('put a catalogue through the HTTP API; safe to run again')
    .addArgument(new Argument('<file>', 'JSON, NDJSON or CSV; - for standard input'))
    .addOption(
      new Option('--format <format>', 'of the file (default: by its name)').choices([
        'json',
        'ndjson',
        'csv',
      ]),
    )
    .option('--json', 'report in JSON');
  addConnectionOptions(command, 16).action((file: string, options: Options) =>
    importCatalogue({ file, options, surroundings }),
  );
}

interface Import {
  file: string;
  options: Options;
  surroundings: Surroundings;
}

async function importCatalogue({ file, options, surroundings }: Import): Promise<void> {
  const format = inputFormat(file, options.format);
  const { rows, problems } = catalogueRows(await readInput(file), format);
  refuse(file, [...problems, ...catalogueProblems(rows)]);
  const { clock, terminal } = surroundings;
  const startedMs = clock.monotonicMs();
  const client = await connect(options, surroundings.environment);
  try {
    refuse(file, await referenceProblems({ client, surroundings, rows }));
    const counts = await putAll({ client, rows, options, surroundings });
    const seconds = Math.round((clock.monotonicMs() - startedMs) / 10) / 100;
    terminal.print(options.json ? JSON.stringify({ ...counts, seconds }) : told(counts, seconds));
  } finally {
    client.close();
  }
}

const SHOWN_PROBLEMS = 20;

function refuse(file: string, problems: string[]): void {
  if (problems.length === 0) return;
  const more = problems.length - SHOWN_PROBLEMS;
  const details = problems.slice(0, SHOWN_PROBLEMS);
  if (more > 0) details.push(`and ${more} more`);
  throw new Failure(`${nameOf(file)} has bad rows; nothing was imported`, { details });
}

interface Puts {
  client: HttpClient;
  rows: readonly CatalogueRow[];
  options: Options;
  surroundings: Surroundings;
}

async function putAll({ client, rows, options, surroundings }: Puts): Promise<Counts> {
  const counts = Object.fromEntries(
    kinds.map((kind) => [kind, { created: 0, updated: 0 }]),
  ) as Counts;
  const progress = surroundings.terminal.progress('import', rows.length);
  try {
    for (const kind of kinds) {
      await concurrently({
        items: rows.filter((row) => row.kind === kind),
        limit: options.concurrency,
        work: async (row) => {
          counts[kind][await put(client, row, surroundings)] += 1;
          progress.advance();
        },
      });
    }
  } finally {
    progress.stop();
  }
  return counts;
}

async function put(
  client: HttpClient,
  { where, kind, id, body }: CatalogueRow,
  surroundings: Surroundings,
): Promise<'created' | 'updated'> {
  const request = { method: 'PUT', path: `/v1/${paths[kind]}/${id}`, body } as const;
  const { answer } = await patientSend(client, request, surroundings);
  if (answer.status === 201) return 'created';
  if (answer.status === 200) return 'updated';
  const why = problemText(answer.body) ?? '';
  throw new Failure(`${where}: ${answer.status} ${why}; rows before it may be imported, run again`);
}

function told(counts: Counts, seconds: number): string {
  const lines = kinds
    .filter((kind) => counts[kind].created + counts[kind].updated > 0)
    .map((kind) => {
      const { created, updated } = counts[kind];
      return `${paths[kind].replace('-', ' ')}: ${created} created, ${updated} updated`;
    });
  return [...lines, `imported in ${seconds} s`].join('\n');
}
