import { openInput, type Input } from '../io/open-input.ts';
import { Failure } from './failure.ts';
import type { Pieces } from './input-rows.ts';

export interface InputFile {
  sizeBytes: number;
  /** The whole text from its beginning; `onBytes` hears how far the reading is. */
  read(onBytes?: (count: number) => void): Pieces;
}

/** Holds the file, or standard input for `-`, open during the work. */
export async function withInputFile<T>(
  path: string,
  work: (file: InputFile) => Promise<T>,
): Promise<T> {
  const input = await open(path);
  try {
    return await work({
      sizeBytes: input.sizeBytes,
      read: (onBytes) => readable(path, input.read(onBytes)),
    });
  } finally {
    await input.close();
  }
}

async function open(path: string): Promise<Input> {
  try {
    return await openInput(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function* readable(path: string, pieces: Pieces): AsyncGenerator<string> {
  try {
    yield* pieces;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Failure {
  const { code } = error as { code?: unknown };
  const why = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : String(code);
  return new Failure(`${nameOf(path)} cannot be read: ${why}`);
}

export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}
