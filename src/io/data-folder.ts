import { randomBytes } from 'node:crypto';
import { chown, link, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { lockFolder } from './folder-lock.ts';
import type { FolderLock } from './folder-lock.ts';

export { FolderInUseError } from './folder-lock.ts';

export interface DataFolder {
  /** Absolute, links resolved. */
  path: string;
  lock: FolderLock;
}

export class DataFolderError extends Error {}

/**
 * Makes the folder (0700) where there is none, and holds it for this process alone.
 *
 * @throws {FolderInUseError} another process holds it
 * @throws {DataFolderError} it cannot be made or written
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const real = await realpath(folder);
    const probe = path.join(real, `.probe-${randomBytes(6).toString('hex')}`);
    await (await open(probe, 'wx', 0o600)).close();
    await rm(probe);
    return { path: real, lock: await lockFolder(real) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DataFolderError(`data folder ${path.resolve(folder)} cannot be used: ${code}`);
  }
}

/** The content of a file in the folder, without its last line feed; undefined where none is. */
export async function readSecret(folder: string, name: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join(folder, name), 'utf8')).replace(/\n$/, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The secret kept under this name, made on first use. The file (0600) appears complete or not at
 * all, and of two processes that make it at once both get the one that stays.
 */
export async function readOrCreateSecret(
  folder: string,
  name: string,
  make: () => string,
): Promise<string> {
  const kept = await readSecret(folder, name);
  if (kept !== undefined) return kept;
  const made = make();
  const draft = await writeDraft(path.join(folder, name), made);
  try {
    await link(draft, path.join(folder, name));
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return await readOrCreateSecret(folder, name, make);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Replaces a file (0600) in one step. */
export async function writeSecret(folder: string, name: string, content: string): Promise<void> {
  const file = path.join(folder, name);
  await rename(await writeDraft(file, content), file);
}

async function writeDraft(file: string, content: string): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${content}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await giveToOwner(draft, path.dirname(file));
  return draft;
}

// A start as root in somebody's folder must not lock that person out of a later one.
async function giveToOwner(file: string, folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  if (uid !== 0) await chown(file, uid, gid);
}
