import { openLineFile, type LineFile } from '../io/line-file.ts';
import { Failure } from './failure.ts';

/** `--report FILE`: one JSON object per row, written as soon as its outcome is known. */
export interface RowReport {
  add(row: object): Promise<void>;
  close(): Promise<void>;
}

/** Replaces the report of an earlier run. Without a path nothing is written. */
export async function openRowReport(path: string | undefined): Promise<RowReport> {
  if (path === undefined) return { add: () => Promise.resolve(), close: () => Promise.resolve() };
  const file = await openOrFail(path);
  return {
    add: async (row) => {
      try {
        await file.add(JSON.stringify(row));
      } catch (error) {
        throw unwritable(path, error);
      }
    },
    close: () => file.close(),
  };
}

async function openOrFail(path: string): Promise<LineFile> {
  try {
    return await openLineFile(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): Failure {
  return new Failure(`${path} cannot be written: ${String((error as { code?: unknown }).code)}`);
}
