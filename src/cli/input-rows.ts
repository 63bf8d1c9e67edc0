import { pipeline } from 'node:stream';
import { CsvError, parse, type Info } from 'csv-parse';
import { parseJsonBody } from '../contract/json-body.ts';
import { Failure } from './failure.ts';

/** Pieces of a text, in their order. */
export type Pieces = AsyncIterable<string>;

/** One row of a file, with the line that its user looks for to find it. */
export interface LineRow {
  line: number;
  value: unknown;
}

export type InputFormat = 'json' | 'ndjson' | 'csv';

const formats: Record<string, InputFormat> = {
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  csv: 'csv',
};

/** The format that was asked for, or the one that the file's name ends in. */
export function inputFormat(path: string, asked: InputFormat | undefined): InputFormat {
  const format = asked ?? formatOfName(path);
  if (format !== undefined) return format;
  const name = path === '-' ? 'standard input' : path;
  throw new Failure(`the format of ${name} is not clear from its name: give --format`, {
    exitStatus: 2,
  });
}

export function formatOfName(path: string): InputFormat | undefined {
  return formats[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''];
}

/** No body that the service takes is longer. */
const MAX_ROW_CHARACTERS = 4 << 20;

/** One JSON object per line; empty lines are passed over. */
export async function* ndjsonRows(pieces: Pieces): AsyncGenerator<LineRow> {
  let line = 0;
  for await (const text of linesOf(pieces)) {
    line += 1;
    if (text.trim() !== '') yield { line, value: jsonObject(text) };
  }
}

async function* linesOf(pieces: Pieces): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > MAX_ROW_CHARACTERS) throw new Failure('not NDJSON: a line has no end');
  }
  yield rest;
}

/** Stands for the value of a row that is not a JSON object. */
export class NotJson {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** Read as strictly as the body of a request: no repeated members, no NUL, no lone surrogates. */
export function jsonObject(text: string): Record<string, unknown> | NotJson {
  try {
    // The message of this one says where the text stops being JSON.
    JSON.parse(text);
    const { value, violations } = parseJsonBody(Buffer.from(text));
    const [first] = violations;
    if (first === undefined) return value;
    return new NotJson(`${first.pointer ?? ''} ${first.message}`);
  } catch (error) {
    return new NotJson((error as Error).message);
  }
}

/** The rows below a header. Members are text; an empty cell is an absent member. */
export async function* csvRows(pieces: Pieces): AsyncGenerator<LineRow> {
  const parser = parse({
    columns: true,
    info: true,
    bom: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: MAX_ROW_CHARACTERS,
  });
  // Its errors are those of the iteration below as well.
  pipeline(pieces, parser, () => undefined);
  try {
    for await (const row of parser) {
      const { info, record } = row as { info: Info; record: Record<string, string> };
      const cells = Object.entries(record).filter(([, cell]) => cell !== '');
      yield { line: info.lines, value: Object.fromEntries(cells) };
    }
  } catch (error) {
    if (error instanceof CsvError) throw new Failure(`not CSV: ${error.message}`);
    throw error;
  }
}
