import { LostPartError, openPartFile } from '../io/part-file.ts';
import { stateFile } from '../io/state-file.ts';
import type { Terminal } from '../io/terminal.ts';
import { Failure } from './failure.ts';

/** How far an export is: which list, from which page on, and what is written already. */
export interface ExportPlace {
  section: number;
  cursor: string | null;
  counts: Record<string, number>;
}

export interface ExportOutput {
  /** Where to begin: at the beginning, or where an earlier run ended. */
  place: ExportPlace;
  write(text: string): Promise<void>;
  /** Everything before this place is written. */
  reached(place: ExportPlace): Promise<void>;
  finish(): Promise<void>;
  /** The export ends early. */
  leave(): Promise<void>;
}

export interface OutputOptions {
  out?: string;
  resume?: string;
  /** Names the export: a place in one is none in another. */
  identity: string;
}

interface Kept extends ExportPlace {
  identity: string;
  bytes: number;
}

const beginning = (): ExportPlace => ({ section: 0, cursor: null, counts: {} });

export async function openExportOutput(
  { out, resume, identity }: OutputOptions,
  terminal: Terminal,
): Promise<ExportOutput> {
  if (out === undefined) return toStandardOutput(terminal);
  const kept = resume === undefined ? undefined : await readKept(resume, identity);
  const file = await openPartFile(out, kept?.bytes ?? 0).catch((error: unknown) => {
    throw refusal(error, { out, resume });
  });
  const failing = (error: unknown): never => {
    throw refusal(error, { out, resume });
  };
  return {
    place: kept ?? beginning(),
    write: (text) => file.write(text).catch(failing),
    reached: async (place) => {
      if (resume === undefined) return;
      // The place never runs ahead of what is on disk.
      const bytes = await file.sync().catch(failing);
      const text = JSON.stringify({ ...place, identity, bytes } satisfies Kept);
      await stateFile.replace(resume, text).catch((error: unknown) => {
        throw refusal(error, { out: resume });
      });
    },
    finish: async () => {
      await file.finish().catch(failing);
      if (resume !== undefined) await stateFile.remove(resume);
    },
    leave: () => file.leave(resume !== undefined),
  };
}

function toStandardOutput(terminal: Terminal): ExportOutput {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    place: beginning(),
    write: (text) => terminal.write(text),
    reached: nothing,
    finish: nothing,
    leave: nothing,
  };
}

async function readKept(path: string, identity: string): Promise<Kept | undefined> {
  const text = await stateFile.read(path).catch((error: unknown) => {
    throw refusal(error, { out: path });
  });
  if (text === undefined) return undefined;
  let kept: Partial<Kept> = {};
  try {
    kept = JSON.parse(text) as Kept;
  } catch {
    // Said below, as for any other file.
  }
  if (kept.identity === identity) return kept as Kept;
  const what = kept.identity === undefined ? 'is no cursor file' : 'is of another export';
  throw new Failure(`${path} ${what}: name another file, or remove it to begin anew`, {
    exitStatus: 2,
  });
}

function refusal(
  error: unknown,
  { out, resume }: { out: string; resume?: string | undefined },
): Failure {
  const { code } = error as { code?: unknown };
  if (error instanceof LostPartError || (resume !== undefined && code === 'ENOENT')) {
    const gone = error instanceof LostPartError ? error.message : `${out}.part is gone`;
    return new Failure(`${gone}: remove ${resume ?? ''} to begin anew`);
  }
  return new Failure(`${out} cannot be written: ${String(code)}`);
}
