import { Argument, Option, type Command } from 'commander';
import type { HttpClient } from '../io/http-client.ts';
import { BadRows } from './bad-rows.ts';
import { catalogueProblems } from './catalogue-problems.ts';
import { referenceProblems } from './catalogue-references.ts';
import { catalogueRows, kinds, type CatalogueRow, type Kind } from './catalogue-rows.ts';
import { concurrently } from './concurrently.ts';
import { addConnectionOptions, connect, type ConnectionOptions } from './connection.ts';
import { addExamples } from './examples.ts';
import { Failure } from './failure.ts';
import { nameOf, withInputFile, type InputFile } from './input-file.ts';
import { inputFormat, type InputFormat } from './input-rows.ts';
import { patientSend, problemText } from './patient-send.ts';
import { openRowReport, type RowReport } from './row-report.ts';
import type { Surroundings } from './surroundings.ts';

interface Options extends ConnectionOptions {
  format?: InputFormat;
  report?: string;
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
    .description(
      'Put a catalogue through the HTTP API: service types, locations, resources, customers. ' +
        'Nothing is put where a row is bad. Safe to run again.',
    )
    .addArgument(new Argument('<file>', 'JSON, NDJSON or CSV; - for standard input'))
    .addOption(
      new Option('--format <format>', 'of the file (default: by its name)').choices([
        'json',
        'ndjson',
        'csv',
      ]),
    )
    .option('--report <file>', 'write one line of JSON per row there, as it goes')
    .option('--json', 'summary in JSON');
  addConnectionOptions(command, { concurrency: 16 }).action((file: string, options: Options) => {
    const format = inputFormat(file, options.format);
    return withInputFile(file, (input) =>
      importCatalogue({ file, format, input, options, surroundings }),
    );
  });
  addExamples(command, [
    'slotwright import catalogue.json',
    'slotwright import resources.csv --report outcome.ndjson',
    'slotwright export catalogue --url https://old.example | slotwright import - --format ndjson',
  ]);
}

interface Import {
  file: string;
  format: InputFormat;
  input: InputFile;
  options: Options;
  surroundings: Surroundings;
}

async function importCatalogue(job: Import): Promise<void> {
  const { file, format, input, options, surroundings } = job;
  const { rows, problems, passedOver } = await catalogueRows(input.read(), format);
  refuse(file, [...problems, ...catalogueProblems(rows)]);
  const { clock, terminal } = surroundings;
  const startedMs = clock.monotonicMs();
  const client = await connect(options, surroundings.environment);
  try {
    refuse(file, await referenceProblems({ client, surroundings, rows }));
    const rowReport = await openRowReport(options.report);
    const puts = { client, rows, rowReport, options, surroundings };
    const counts = await putAll(puts).finally(() => rowReport.close());
    const seconds = Math.round((clock.monotonicMs() - startedMs) / 10) / 100;
    const summary = { ...counts, passed_over: passedOver, seconds };
    terminal.print(options.json ? JSON.stringify(summary) : told(summary));
  } finally {
    client.close();
  }
}

function refuse(file: string, problems: string[]): void {
  const bad = new BadRows();
  bad.add(problems);
  bad.refuse(`${nameOf(file)} has bad rows; nothing was imported`);
}

interface Puts {
  client: HttpClient;
  rows: readonly CatalogueRow[];
  rowReport: RowReport;
  options: Options;
  surroundings: Surroundings;
}

async function putAll(puts: Puts): Promise<Counts> {
  const { rows, options, surroundings } = puts;
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
          counts[kind][await put(row, puts)] += 1;
          progress.advance();
        },
      });
    }
  } finally {
    progress.stop();
  }
  return counts;
}

async function put(row: CatalogueRow, puts: Puts): Promise<'created' | 'updated'> {
  const { where, kind, id, body } = row;
  const { client, rowReport, surroundings } = puts;
  const request = { method: 'PUT', path: `/v1/${paths[kind]}/${id}`, body } as const;
  const { answer } = await patientSend(client, request, surroundings);
  const outcome = outcomes[answer.status] ?? 'failed';
  const why = outcome === 'failed' ? (problemText(answer.body) ?? '') : null;
  await rowReport.add({ where, kind, id, outcome, status: answer.status, reason: why });
  if (outcome !== 'failed') return outcome;
  throw new Failure(`${where}: ${answer.status} ${why}; rows before it may be imported, run again`);
}

const outcomes: Record<number, 'created' | 'updated'> = { 201: 'created', 200: 'updated' };

function told(summary: Counts & { passed_over: number; seconds: number }): string {
  const lines = kinds
    .filter((kind) => summary[kind].created + summary[kind].updated > 0)
    .map((kind) => {
      const { created, updated } = summary[kind];
      return `${paths[kind].replace('-', ' ')}: ${created} created, ${updated} updated`;
    });
  if (summary.passed_over > 0) {
    lines.push(`passed over: ${summary.passed_over} appointments, which are for book`);
  }
  return [...lines, `imported in ${summary.seconds} s`].join('\n');
}
