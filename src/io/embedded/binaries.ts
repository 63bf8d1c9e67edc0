import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { canReach } from './account.ts';
import type { Account } from './account.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

export interface Binaries {
  /** Holds bin, lib and share. */
  folder: string;
  major: number;
}

/** Where root keeps what the account of PostgreSQL could not reach in place. */
export const sharedFolder = '/var/lib/slotwright';

/**
 * The server's programs: in node_modules where the account can run them there, else a copy.
 * Only files are taken from the package: importing it would install exit hooks that stop
 * PostgreSQL before the service has drained.
 */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const { native, version } = await locatePackage();
  const major = Number.parseInt(version, 10);
  const program = path.join(native, 'bin/postgres');
  if (await canReach(account, { program })) return { folder: native, major };
  if (account === undefined) {
    throw new EmbeddedPostgresError(`${program} does not run on this machine; set DATABASE_URL`);
  }
  const copy = await copyOnce(native, path.join(sharedFolder, `postgresql-${version}`));
  if (await canReach(account, { program: path.join(copy, 'bin/postgres') })) {
    return { folder: copy, major };
  }
  throw new EmbeddedPostgresError(`${copy} does not run as ${account.name}; set DATABASE_URL`);
}

async function locatePackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const folder = path.join(createRequire(import.meta.url).resolve(name), '../..');
    const description = await readFile(path.join(folder, 'package.json'), 'utf8');
    const { version } = JSON.parse(description) as { version: string };
    return { native: path.join(folder, 'native'), version };
  } catch {
    throw new EmbeddedPostgresError(`no embedded PostgreSQL (${name}) here; set DATABASE_URL`);
  }
}

// The rename makes the copy appear whole, so that what exists under the name can be trusted.
async function copyOnce(source: string, target: string): Promise<string> {
  if ((await stat(target).catch(() => undefined)) !== undefined) return target;
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
    await cp(source, draft, { recursive: true, verbatimSymlinks: true });
    await openToAll(draft);
    await rename(draft, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another start was faster.
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') {
      throw new EmbeddedPostgresError(`PostgreSQL cannot be copied to ${target}: ${code}`);
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}

// Whatever the umask was when npm wrote them.
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(file);
    else if (entry.isFile())
      await chmod(file, ((await stat(file)).mode & 0o100) > 0 ? 0o755 : 0o644);
  }
}
