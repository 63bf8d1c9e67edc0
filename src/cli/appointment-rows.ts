import { createHash } from 'node:crypto';
import { CreateAppointment } from '../contract/create-appointment.ts';
import { appointmentStates, isFinal } from '../domain/appointment-state.ts';
import { isSlotLength, parseInstant } from '../domain/slot.ts';
import { kinds } from './catalogue-rows.ts';
import { membersOfCells } from './cells.ts';
import {
  csvRows,
  ndjsonRows,
  NotJson,
  type InputFormat,
  type LineRow,
  type Pieces,
} from './input-rows.ts';
import { schemaErrors } from './schema-errors.ts';

export interface Booking {
  kind: 'booking';
  line: number;
  body: CreateAppointment;
}

export type AppointmentRow =
  | Booking
  | { kind: 'bad'; line: number; problems: string[] }
  /** Of an export: part of the catalogue, or an appointment that is over. */
  | { kind: 'passed over'; line: number };

const MAX_METADATA_BYTES = 8_192;
const finalStates = appointmentStates.filter(isFinal);
const errorsOf = schemaErrors(CreateAppointment);

/** The rows one by one, checked by the rules that a request shows without clock or catalogue. */
export async function* appointmentRows(
  pieces: Pieces,
  format: Exclude<InputFormat, 'json'>,
): AsyncGenerator<AppointmentRow> {
  const rows = format === 'csv' ? csvRows(pieces) : ndjsonRows(pieces);
  for await (const row of rows) yield appointmentRow(row);
}

function appointmentRow({ line, value }: LineRow): AppointmentRow {
  const bad = (...problems: string[]): AppointmentRow => ({ kind: 'bad', line, problems });
  if (value instanceof NotJson) return bad(value.why);
  if (typeof value !== 'object' || value === null) return bad('must be an object');
  const { kind, ...members } = membersOfCells(value as Record<string, unknown>);
  if (isOneOf(kind, kinds)) return { kind: 'passed over', line };
  if (kind !== undefined && kind !== 'appointment') return bad('/kind must be appointment');
  const isExported = kind === 'appointment';
  if (isExported && isOneOf(members['state'], finalStates)) return { kind: 'passed over', line };
  const body = isExported ? bodyOfExported(line, members) : bodyOf(line, members);
  const problems = problemsOf(body);
  return problems.length > 0 ? bad(...problems) : { kind: 'booking', line, body: body as never };
}

function isOneOf(kind: unknown, names: readonly string[]): boolean {
  return names.some((name) => name === kind || name.replace('_', '-') === kind);
}

/** The body to post. The times may stand in the row itself, and the key may be missing. */
function bodyOf(line: number, members: Record<string, unknown>): Record<string, unknown> {
  const body = slotted(members);
  // The same for the same row at the same place, so that running again books nothing twice.
  return { idempotency_key: keyOf(`line ${line}\n${JSON.stringify(body)}`), ...body };
}

/** An exported appointment is known by its id, wherever in whichever export it stands. */
function bodyOfExported(line: number, members: Record<string, unknown>): Record<string, unknown> {
  const { id, ...rest } = members;
  const body = slotted(withoutAnswered(rest));
  if (typeof id !== 'string') return bodyOf(line, body);
  return { idempotency_key: keyOf(`appointment ${id}`), ...body };
}

/** What the service tells of an appointment and takes from nobody. */
const answered = new Set([
  'version',
  'state',
  'reason',
  'created_at',
  'updated_at',
  'links',
  'warnings',
]);

function withoutAnswered(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !answered.has(name)));
}

function slotted(members: Record<string, unknown>): Record<string, unknown> {
  const { start_time, end_time, ...rest } = members;
  const isFlat = start_time !== undefined || end_time !== undefined || rest['slot'] === undefined;
  return isFlat ? { slot: { start_time, end_time }, ...rest } : rest;
}

function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
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
