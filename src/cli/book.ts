import { Argument, Option, type Command } from 'commander';
import type { HttpClient } from '../io/http-client.ts';
import { appointmentRows, type Booking } from './appointment-rows.ts';
import { BadRows } from './bad-rows.ts';
import { BookingReport, bookingText } from './booking-report.ts';
import { concurrently } from './concurrently.ts';
import { addConnectionOptions, connect, type ConnectionOptions } from './connection.ts';
import { addExamples } from './examples.ts';
import { Failure } from './failure.ts';
import { nameOf, withInputFile, type InputFile } from './input-file.ts';
import { inputFormat } from './input-rows.ts';
import { patientSend } from './patient-send.ts';
import { openRowReport, type RowReport } from './row-report.ts';
import type { Surroundings } from './surroundings.ts';
import { wholeNumberOption } from './whole-number-option.ts';

interface Options extends ConnectionOptions {
  format?: 'ndjson' | 'csv';
  limit?: number;
  report?: string;
  wait: boolean;
  json?: boolean;
}

export function addBook(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('book')
    .description(
      'Post appointments through the HTTP API. Nothing is posted where a row is bad. Rows carry ' +
        'an idempotency key or get one that stays the same, so running again within 24 hours ' +
        'books nothing twice. Of an export, open appointments are booked again.',
    )
    .addArgument(new Argument('<file>', 'NDJSON or CSV; - for standard input'))
    .addOption(
      new Option('--format <format>', 'of the file (default: by its name)').choices([
        'ndjson',
        'csv',
      ]),
    )
    .addOption(
      new Option('--limit <n>', 'book the first n rows only').argParser(
        wholeNumberOption(1, 999_999_999),
      ),
    )
    .option('--report <file>', 'write one line of JSON per row there, as it goes')
    .option('--no-wait', 'go on as soon as a row is accepted, without its decision')
    .option('--json', 'summary in JSON');
  addConnectionOptions(command, { concurrency: 32 }).action((file: string, options: Options) => {
    const format = inputFormat(file, options.format);
    if (format === 'json') throw new Failure('book takes NDJSON or CSV', { exitStatus: 2 });
    return withInputFile(file, (input) => book({ file, format, input, options, surroundings }));
  });
  addExamples(command, [
    'slotwright book appointments.csv',
    'slotwright book week.ndjson --report outcome.ndjson --concurrency 64',
    'zcat year.ndjson.gz | slotwright book - --format ndjson --json',
  ]);
}

interface Job {
  file: string;
  format: 'ndjson' | 'csv';
  input: InputFile;
  options: Options;
  surroundings: Surroundings;
}

/** Two passes over the file, neither of which holds it: all of it is checked, then posted. */
async function book(job: Job): Promise<void> {
  const { options, surroundings } = job;
  // Made first: what is wrong with its options is said before a long check.
  const client = await connect(options, surroundings.environment);
  const counted = await check(job);
  const { clock, terminal } = surroundings;
  const report = new BookingReport({ waits: options.wait });
  const startedMs = clock.monotonicMs();
  try {
    const rowReport = await openRowReport(options.report);
    const rows = bookings(job, counted.rows);
    await postAll({ ...job, rows, total: counted.rows, client, report, rowReport }).finally(() =>
      rowReport.close(),
    );
  } catch (error) {
    // The service is lost half-way: what was booked until then is booked, and reported.
    if (!(error instanceof Failure)) throw error;
    report.fail('the rest', error.message);
  } finally {
    client.close();
  }
  const seconds = (clock.monotonicMs() - startedMs) / 1_000;
  const summary = report.summary({ ...counted, seconds });
  terminal.print(options.json ? JSON.stringify(summary) : bookingText(summary));
  if (summary.failed_total === 0) return;
  const details = summary.failed.slice(0, 20).map(({ where, why }) => `${where}: ${why}`);
  throw new Failure('not every row has a decision; it is safe to run again', {
    details,
    reported: true,
  });
}

async function check(job: Job): Promise<{ rows: number; passedOver: number }> {
  const { file, format, input, options, surroundings } = job;
  const bad = new BadRows();
  let rows = 0;
  let passedOver = 0;
  const progress = surroundings.terminal.progress('check (bytes)', input.sizeBytes);
  const onBytes = (count: number): void => progress.advance(count);
  try {
    for await (const row of appointmentRows(input.read(onBytes), format)) {
      if (row.kind === 'booking') rows += 1;
      else if (row.kind === 'passed over') passedOver += 1;
      else bad.add(row.problems.map((problem) => `line ${row.line}: ${problem}`));
    }
  } finally {
    progress.stop();
  }
  bad.refuse(`${nameOf(file)} has bad rows; nothing was booked`);
  return { rows: Math.min(rows, options.limit ?? rows), passedOver };
}

async function* bookings({ file, format, input }: Job, limit: number): AsyncGenerator<Booking> {
  let count = 0;
  if (limit === 0) return;
  for await (const row of appointmentRows(input.read(), format)) {
    // Somebody writes to the file while it is read.
    if (row.kind === 'bad') throw new Failure(`${nameOf(file)} has changed since it was checked`);
    if (row.kind === 'booking') {
      yield row;
      count += 1;
      if (count === limit) return;
    }
  }
}

interface Posts extends Job {
  rows: AsyncIterable<Booking>;
  total: number;
  client: HttpClient;
  report: BookingReport;
  rowReport: RowReport;
}

async function postAll(posts: Posts): Promise<void> {
  const { rows, total, options, surroundings } = posts;
  const progress = surroundings.terminal.progress('book', total);
  try {
    await concurrently({
      items: rows,
      limit: options.concurrency,
      work: async (row) => {
        await post(row, posts);
        progress.advance();
      },
    });
  } finally {
    progress.stop();
  }
}

async function post(
  { line, body }: Booking,
  { client, report, rowReport, options, surroundings }: Posts,
): Promise<void> {
  const { clock } = surroundings;
  const headers = options.wait ? { prefer: 'wait=10' } : {};
  const sentMs = clock.monotonicMs();
  const passedMs = (): number => Math.round((clock.monotonicMs() - sentMs) * 10) / 10;
  const row = { line, key: body.idempotency_key };
  const request = { method: 'POST', path: '/v1/appointments', headers, body } as const;
  try {
    const sent = await patientSend(client, request, surroundings);
    const ms = passedMs();
    await rowReport.add({ ...row, ...report.add(`line ${line}`, sent, ms), ms });
  } catch (error) {
    const reason = (error as Error).message;
    const lost = { outcome: 'failed', appointment_id: null, reason, ms: passedMs() };
    // The error to tell is the first one.
    await rowReport.add({ ...row, ...lost }).catch(() => undefined);
    throw error;
  }
}
