import { Argument, Option, type Command } from 'commander';
import type { HttpClient } from '../io/http-client.ts';
import { appointmentRows, type AppointmentRow } from './appointment-rows.ts';
import { BookingReport, bookingText } from './booking-report.ts';
import { concurrently } from './concurrently.ts';
import { addConnectionOptions, connect, type ConnectionOptions } from './connection.ts';
import { Failure } from './failure.ts';
import { inputFormat, nameOf, readInput } from './input-rows.ts';
import { patientSend } from './patient-send.ts';
import type { Surroundings } from './surroundings.ts';

interface Options extends ConnectionOptions {
  format?: 'ndjson' | 'csv';
  json?: boolean;
}

export function addBook(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('book')
    .description('post appointments through the HTTP API; safe to run again')
    .addArgument(new Argument('<file>', 'NDJSON or CSV; - for standard input'))
    .addOption(
      new Option('--format <format>', 'of the file (default: by its name)').choices([
        'ndjson',
        'csv',
      ]),
    )
    .option('--json', 'report in JSON');
  addConnectionOptions(command, 32).action((file: string, options: Options) =>
    book({ file, options, surroundings }),
  );
}

interface Booking {
  file: string;
  options: Options;
  surroundings: Surroundings;
}

async function book({ file, options, surroundings }: Booking): Promise<void> {
  const { clock, terminal } = surroundings;
  const rows = await readRows(file, options);
  const client = await connect(options, surroundings.environment);
  const report = new BookingReport();
  const startedMs = clock.monotonicMs();
  try {
    await postAll({ rows, client, report, options, surroundings });
  } catch (error) {
    // The service is lost half-way: what was booked until then is booked, and reported.
    if (!(error instanceof Failure)) throw error;
    report.fail('the rest', error.message);
  } finally {
    client.close();
  }
  const summary = report.summary((clock.monotonicMs() - startedMs) / 1_000);
  terminal.print(options.json ? JSON.stringify(summary) : bookingText(summary));
  const { failed } = summary;
  if (failed.length === 0) return;
  const details = failed.slice(0, 20).map(({ where, why }) => `${where}: ${why}`);
  throw new Failure('not every row has a decision; it is safe to run again', {
    details,
    reported: true,
  });
}

async function readRows(file: string, options: Options): Promise<AppointmentRow[]> {
  const format = inputFormat(file, options.format);
  if (format === 'json') throw new Failure('book takes NDJSON or CSV', { exitStatus: 2 });
  const { rows, problems } = appointmentRows(await readInput(file), format);
  if (problems.length === 0) return rows;
  const details = problems.slice(0, 20);
  if (problems.length > 20) details.push(`and ${problems.length - 20} more`);
  throw new Failure(`${nameOf(file)} has bad rows; nothing was booked`, { details });
}

interface Posts {
  rows: readonly AppointmentRow[];
  client: HttpClient;
  report: BookingReport;
  options: Options;
  surroundings: Surroundings;
}

async function postAll({ rows, client, report, options, surroundings }: Posts): Promise<void> {
  const { clock, terminal } = surroundings;
  const progress = terminal.progress('book', rows.length);
  const headers = { prefer: 'wait=10' };
  try {
    await concurrently({
      items: rows,
      limit: options.concurrency,
      work: async ({ where, body }) => {
        const sentMs = clock.monotonicMs();
        const request = { method: 'POST', path: '/v1/appointments', headers, body } as const;
        const sent = await patientSend(client, request, surroundings);
        report.add(where, sent, clock.monotonicMs() - sentMs);
        progress.advance();
      },
    });
  } finally {
    progress.stop();
  }
}
