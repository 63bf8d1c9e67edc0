import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { spawnAs } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { PostgresHome } from './home.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

const run = promisify(execFile);

export interface ServerParts {
  home: PostgresHome;
  binaries: Binaries;
}

/**
 * Trust on the socket: its folder is 0700, so whoever reaches it could as well read the cluster's
 * files, or is root. A password would guard nothing more, and `peer` cannot hold, since as root
 * service and server are two accounts. TCP is off, and refused should somebody turn it on.
 */
const initdbArguments = [
  '--username=postgres',
  '--auth-local=trust',
  '--auth-host=reject',
  '--encoding=UTF8',
  '--locale=C',
  // One call instead of a thousand.
  '--sync-method=syncfs',
];

/** Makes the cluster on first use, and holds to the major version it was made with. */
export async function ensureCluster({ home, binaries }: ServerParts): Promise<void> {
  await removeDrafts(home);
  const cluster = path.join(home.folder, 'cluster');
  const version = await readFile(path.join(cluster, 'PG_VERSION'), 'utf8').catch(absent);
  if (version === undefined) return makeCluster({ home, binaries });
  if (Number.parseInt(version, 10) !== binaries.major) {
    throw new EmbeddedPostgresError(
      `${cluster} was made by PostgreSQL ${version.trim()} and this is ${binaries.major}: ` +
        'start the version that made it, or export and import the data',
    );
  }
}

// initdb fills a draft, and the rename makes it the cluster: a kill leaves a draft or a cluster.
async function makeCluster({ home, binaries }: ServerParts): Promise<void> {
  const draft = path.join(home.folder, `draft-${randomBytes(6).toString('hex')}`);
  await mkdir(draft, { mode: 0o700 });
  if (home.account !== undefined) await chown(draft, home.account.uid, home.account.gid);
  const initdb = path.join(binaries.folder, 'bin/initdb');
  try {
    await run(initdb, ['-D', draft, ...initdbArguments], spawnAs(home.account, '/'));
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    const reason = (stderr ?? '').trim().split('\n').at(-1) ?? '';
    await rm(draft, { recursive: true, force: true });
    throw new EmbeddedPostgresError(`initdb failed in ${home.folder}: ${reason || message}`);
  }
  await rename(draft, path.join(home.folder, 'cluster'));
  const folder = await open(home.folder);
  await folder.sync().finally(() => folder.close());
}

// The initdb of a killed start may still be writing; what it leaves behind goes the next time.
async function removeDrafts({ folder }: PostgresHome): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('draft-')) continue;
    await rm(path.join(folder, name), { recursive: true, force: true }).catch(absent);
  }
}

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTEMPTY') return undefined;
  throw error;
}
