import { membersOfCells } from './cells.ts';
import { Failure } from './failure.ts';
import {
  csvRows,
  jsonObject,
  ndjsonRows,
  NotJson,
  type InputFormat,
  type Pieces,
} from './input-rows.ts';

/** Kinds in the order in which they are put: each refers only to those before it. */
export const kinds = ['service_type', 'location', 'resource', 'customer'] as const;
export type Kind = (typeof kinds)[number];

/** A row that names its kind and its id; whether the rest is right is for `catalogueProblems`. */
export interface CatalogueRow {
  where: string;
  kind: Kind;
  id: string;
  body: Record<string, unknown>;
}

export interface CatalogueFile {
  rows: CatalogueRow[];
  /** What cannot be read as a row, one line each. */
  problems: string[];
  /** Appointments of an export: they are for `book`. */
  passedOver: number;
}

/** What its user looks for to find it: `line 7` or `/resources/3`. */
interface InputRow {
  where: string;
  value: unknown;
}

const members: Record<string, Kind> = {
  service_types: 'service_type',
  locations: 'location',
  resources: 'resource',
  customers: 'customer',
};

export async function catalogueRows(pieces: Pieces, format: InputFormat): Promise<CatalogueFile> {
  const file: CatalogueFile = { rows: [], problems: [], passedOver: 0 };
  for await (const { where, value } of rowsOf(pieces, format)) {
    const row = rowOf(where, value);
    if (row === undefined) file.passedOver += 1;
    else if (typeof row === 'string') file.problems.push(`${where}: ${row}`);
    else file.rows.push(row);
  }
  return file;
}

async function* rowsOf(pieces: Pieces, format: InputFormat): AsyncGenerator<InputRow> {
  switch (format) {
    case 'ndjson':
      for await (const { line, value } of ndjsonRows(pieces)) {
        yield { where: `line ${line}`, value };
      }
      return;
    case 'csv':
      for await (const { line, value } of csvRows(pieces)) {
        yield { where: `line ${line}`, value: membersOfCells(value as Record<string, unknown>) };
      }
      return;
    case 'json':
      yield* documentRows(await wholeOf(pieces));
  }
}

async function wholeOf(pieces: Pieces): Promise<string> {
  const all: string[] = [];
  for await (const piece of pieces) all.push(piece);
  return all.join('');
}

/** `{"service_types": […], "locations": […], "resources": […], "customers": […]}` */
function documentRows(text: string): InputRow[] {
  const document = jsonObject(text);
  if (document instanceof NotJson) throw new Failure(`not a catalogue: ${document.why}`);
  return Object.entries(document).flatMap(([name, list]) => {
    const kind = members[name];
    if (kind === undefined) throw new Failure(`/${name} is not a member of a catalogue`);
    if (!Array.isArray(list)) throw new Failure(`/${name} must be an array`);
    return list.map((value: unknown, index) => ({
      where: `/${name}/${index}`,
      value: isObject(value) ? { ...value, kind } : value,
    }));
  });
}

function rowOf(where: string, value: unknown): CatalogueRow | string | undefined {
  if (value instanceof NotJson) return value.why;
  if (!isObject(value)) return 'must be an object';
  const { kind, ...rest } = value;
  if (kind === 'appointment') return undefined;
  const known = kinds.find((name) => name === kind || name.replace('_', '-') === kind);
  if (known === undefined) return `/kind must be one of ${kinds.join(', ')}`;
  const idMember = known === 'service_type' && 'code' in rest ? 'code' : 'id';
  const { [idMember]: id, ...body } = rest;
  if (typeof id === 'string') return { where, kind: known, id, body };
  return `/${known === 'service_type' ? 'code' : 'id'} must be a string`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
