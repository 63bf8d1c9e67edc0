import { createHash } from 'node:crypto';
import { CreateAppointment } from '../contract/create-appointment.ts';
import { isSlotLength, parseInstant } from '../domain/slot.ts';
import { membersOfCells } from './cells.ts';
import { csvRows, ndjsonRows, NotJson, type InputFormat, type InputRow } from './input-rows.ts';
import { schemaErrors } from './schema-errors.ts';

export interface AppointmentRow {
  where: string;
  body: CreateAppointment;
}

export interface AppointmentFile {
  rows: AppointmentRow[];
  /** What is wrong with rows, one line each. */
  problems: string[];
}

const MAX_METADATA_BYTES = 8_192;
const errorsOf = schemaErrors(CreateAppointment);

/** Checks the whole file by the rules that a request shows without clock or catalogue. */
export function appointmentRows(
  text: string,
  format: Exclude<InputFormat, 'json'>,
): AppointmentFile {
  const file: AppointmentFile = { rows: [], problems: [] };
  for (const row of format === 'csv' ? csvRows(text) : ndjsonRows(text)) {
    const body = bodyOf(row);
    const wrong = body === undefined ? [notAnObject(row)] : problemsOf(body);
    file.problems.push(...wrong.map((problem) => `${row.where}: ${problem}`));
    // Rows with problems are never sent: the file is refused as a whole.
    if (wrong.length === 0) file.rows.push({ where: row.where, body: body as CreateAppointment });
  }
  return file;
}

function notAnObject({ value }: InputRow): string {
  return value instanceof NotJson ? value.why : 'must be an object';
}

/** The body to post. The times may stand in the row itself, and the key may be missing. */
function bodyOf({ where, value }: InputRow): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (value instanceof NotJson) return undefined;
  const { start_time, end_time, ...rest } = membersOfCells(value as Record<string, unknown>);
  const isFlat = start_time !== undefined || end_time !== undefined || rest['slot'] === undefined;
  const body: Record<string, unknown> = isFlat ? { slot: { start_time, end_time }, ...rest } : rest;
  return { idempotency_key: keyOf(where, body), ...body };
}

/** The same for the same row at the same place, so that running again books nothing twice. */
function keyOf(where: string, body: object): string {
  return createHash('sha256')
    .update(`${where}\n${JSON.stringify(body)}`)
    .digest('hex')
    .slice(0, 32);
}

function problemsOf(body: Record<string, unknown>): string[] {
  const wrong = errorsOf(body);
  if (wrong.length > 0) return wrong;
  const { slot, metadata } = body as CreateAppointment;
  const start = parseInstant(slot.start_time);
  const end = parseInstant(slot.end_time);
  if (start === undefined) wrong.push('/slot/start_time is not an instant');
  if (end === undefined) wrong.push('/slot/end_time is not an instant');
  if (start !== undefined && end !== undefined && !isSlotLength({ start, end })) {
    wrong.push('/slot must end after its start, at most 4 hours later');
  }
  if (Buffer.byteLength(JSON.stringify(metadata ?? {})) > MAX_METADATA_BYTES) {
    wrong.push(`/metadata must be at most ${MAX_METADATA_BYTES} bytes`);
  }
  return wrong;
}
