import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

const run = promisify(execFile);
const ownAccount = 'slotwright';

/** Whom PostgreSQL runs as. It refuses to run as root. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/**
 * Undefined where PostgreSQL runs as the present user. As root, in this order: the owner of what
 * exists already (a cluster can be opened by its owner alone, and a person's folder stays usable
 * for that person without root), `postgres`, `slotwright`, and that one newly made.
 */
export async function serverAccount(existing: readonly string[]): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const folder of existing) {
    const owner = await ownerOf(folder);
    const account = owner === 0 ? undefined : await findAccount(({ uid }) => uid === owner);
    if (account !== undefined) return account;
  }
  return (await named('postgres')) ?? (await named(ownAccount)) ?? (await makeAccount());
}

async function makeAccount(): Promise<Account> {
  const args = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
  let reason = 'useradd left no such account';
  try {
    await run('useradd', [...args, '--shell', '/usr/sbin/nologin', ownAccount]);
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    reason = code === 'ENOENT' ? 'no useradd here' : (stderr ?? '').trim();
  }
  // Also where useradd failed: another start may have been faster.
  const account = await named(ownAccount);
  if (account !== undefined) return account;
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root and no account for it could be made (${reason}): ` +
      `make a system account named ${ownAccount}, or start as another user`,
  );
}

function named(name: string): Promise<Account | undefined> {
  return findAccount((account) => account.name === name && account.uid !== 0);
}

async function findAccount(matches: (account: Account) => boolean): Promise<Account | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  return lines
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .find(matches);
}

async function ownerOf(folder: string): Promise<number> {
  return stat(folder).then(
    ({ uid }) => uid,
    () => 0,
  );
}

/** What `spawn` needs to start a process as the account, without the service's environment. */
export function spawnAs(account: Account | undefined, cwd: string) {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  return { cwd, env, ...(account && { uid: account.uid, gid: account.gid }) };
}

/** Asks the kernel, as the account: folder to be entered, program to be run. */
export async function canReach(
  account: Account | undefined,
  { folder, program }: { folder?: string; program?: string },
): Promise<boolean> {
  const script = 'cd -- "$1" && if [ -n "$2" ]; then exec "$2" --version; fi';
  const args = ['-c', script, 'sh', folder ?? '/', program ?? ''];
  return run('/bin/sh', args, spawnAs(account, '/')).then(
    () => true,
    () => false,
  );
}
