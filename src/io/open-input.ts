import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A text that may be larger than memory, and is read as often as needed. */
export interface Input {
  sizeBytes: number;
  /** From its beginning, in pieces. Throws a `TypeError` when it is not UTF-8. */
  read(onBytes?: (count: number) => void): AsyncIterable<string>;
  close(): Promise<void>;
}

/** Opens a file, or standard input for `-`. */
export async function openInput(name: string): Promise<Input> {
  const file = name === '-' ? await spooled(process.stdin) : await rereadable(name);
  const { size } = await file.stat();
  return {
    sizeBytes: size,
    read: (onBytes) => decoded(file, onBytes),
    close: () => file.close(),
  };
}

async function rereadable(name: string): Promise<FileHandle> {
  const file = await open(name);
  try {
    const isRegular = (await file.stat()).isFile();
    // What a shell makes of <(…) can be read only once.
    const kept = isRegular ? file : await spooled(bytesOf(file, null));
    if (kept !== file) await file.close();
    return kept;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file has no name any more once it is open, so nothing is left behind, whatever happens. */
async function spooled(source: AsyncIterable<unknown>): Promise<FileHandle> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slotwright-'));
  let spool: FileHandle;
  try {
    spool = await open(path.join(folder, 'input'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  try {
    for await (const chunk of source) await spool.appendFile(chunk as Buffer);
    return spool;
  } catch (error) {
    await spool.close();
    throw error;
  }
}

const PIECE_BYTES = 1 << 18;

async function* decoded(
  file: FileHandle,
  onBytes?: (count: number) => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const bytes of bytesOf(file, 0)) {
    onBytes?.(bytes.length);
    yield decoder.decode(bytes, { stream: true });
  }
  yield decoder.decode();
}

/** From a place on, or from where the file is; each piece is good until the next is asked for. */
async function* bytesOf(file: FileHandle, start: number | null): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(PIECE_BYTES);
  for (let position = start; ;) {
    const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    if (position !== null) position += bytesRead;
  }
}
