import { open, rename, rm } from 'node:fs/promises';

/** A file under a temporary name beside its own, which it gets when it is whole. */
export interface PartFile {
  write(text: string): Promise<void>;
  /** Answers how many bytes are safe on disk. */
  sync(): Promise<number>;
  finish(): Promise<void>;
  /** Ends the writing; what is there stays under the temporary name, or goes. */
  leave(kept: boolean): Promise<void>;
}

/** The part is shorter than it was known to be. */
export class LostPartError extends Error {}

/** Begins the part anew, or goes on after the first `keptBytes` of an earlier one. */
export async function openPartFile(path: string, keptBytes: number): Promise<PartFile> {
  const name = `${path}.part`;
  const file = await open(name, keptBytes === 0 ? 'w' : 'r+');
  // What was written after the last sync is written again.
  if (keptBytes > 0) {
    if ((await file.stat()).size < keptBytes) {
      await file.close();
      throw new LostPartError(`${name} is shorter than ${keptBytes} bytes`);
    }
    await file.truncate(keptBytes);
  }
  let bytes = keptBytes;
  return {
    write: async (text) => {
      const chunk = Buffer.from(text);
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await file.write(chunk, done, chunk.length - done, bytes);
        done += bytesWritten;
        bytes += bytesWritten;
      }
    },
    sync: async () => {
      await file.datasync();
      return bytes;
    },
    finish: async () => {
      await file.sync();
      await file.close();
      await rename(name, path);
    },
    leave: async (kept) => {
      await file.close();
      if (!kept) await rm(name, { force: true });
    },
  };
}
