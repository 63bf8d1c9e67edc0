import { parse, type Info } from 'csv-parse/sync';
import { parseJsonBody } from '../contract/json-body.ts';
import { inputText } from '../io/input-text.ts';
import { Failure } from './failure.ts';

/** One row of a file, with what its user looks for to find it: `line 7` or `/resources/3`. */
export interface InputRow {
  where: string;
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
  const format = asked ?? formats[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''];
  if (format !== undefined) return format;
  throw new Failure(`the format of ${nameOf(path)} is not clear from its name: give --format`, {
    exitStatus: 2,
  });
}

export async function readInput(path: string): Promise<string> {
  try {
    return await inputText(path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    const why = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : String(code);
    throw new Failure(`${nameOf(path)} cannot be read: ${why}`);
  }
}

export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/** One JSON object per line; empty lines are passed over. */
export function ndjsonRows(text: string): InputRow[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    return [{ where: `line ${index + 1}`, value: jsonObject(line) }];
  });
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
export function csvRows(text: string): InputRow[] {
  try {
    const rows = parse(text, {
      columns: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { info: Info; record: Record<string, string> }[];
    return rows.map(({ info, record }) => ({
      where: `line ${info.lines}`,
      value: Object.fromEntries(Object.entries(record).filter(([, cell]) => cell !== '')),
    }));
  } catch (error) {
    throw new Failure(`not CSV: ${(error as Error).message}`);
  }
}
