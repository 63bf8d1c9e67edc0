import { open, readFile, rename, rm } from 'node:fs/promises';

/** A small file that is there whole or not at all. */
export const stateFile = {
  /** Undefined where there is none. */
  async read(path: string): Promise<string | undefined> {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  },

  async replace(path: string, text: string): Promise<void> {
    const draft = `${path}.new`;
    const file = await open(draft, 'w');
    try {
      await file.writeFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  },

  remove: (path: string): Promise<void> => rm(path, { force: true }),
};
