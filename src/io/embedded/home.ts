import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeSecret } from '../data-folder.ts';
import { canReach, serverAccount } from './account.ts';
import type { Account } from './account.ts';
import { sharedFolder } from './binaries.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/**
 * Where the cluster lives: `<data folder>/postgres` wherever the account of PostgreSQL can get
 * there, since a volume mounted at the data folder must hold everything. Only as root in a folder
 * closed to that account (a clone under /root, `mktemp -d`) it is /var/lib/slotwright/<id>, which
 * `cluster.json` in the data folder then names for ever: a cluster that has gone missing is an
 * error, never a reason to begin an empty one.
 *
 * The home itself belongs to the service's user; of what is in it, `cluster`, `sockets` and `logs`
 * belong to the account. So the account cannot make root follow a link of its choosing.
 */
export interface PostgresHome {
  folder: string;
  /** A name of the socket has to fit into 107 bytes, so a long path has them elsewhere. */
  sockets: string;
  logs: string;
  account: Account | undefined;
  /** False where it is outside the data folder and needs a lock of its own. */
  inPlace: boolean;
}

const longestSocketFolder = 85;
const keptLogs = 5;

export async function openHome(dataFolder: string): Promise<PostgresHome> {
  const inside = path.join(dataFolder, 'postgres');
  const recorded = await readRecord(dataFolder);
  const existing = [path.join(recorded ?? inside, 'cluster'), dataFolder];
  const account = await serverAccount(existing);
  const folder = recorded ?? (await chooseFolder({ dataFolder, inside, account }));
  await makeHome({ folder, dataFolder, account });
  const home = {
    folder,
    sockets: socketsOf(folder),
    logs: path.join(folder, 'logs'),
    account,
    inPlace: folder === inside,
  };
  for (const own of [home.sockets, home.logs]) await makeOwnFolder(own, account);
  await removeOldLogs(home.logs);
  return home;
}

async function readRecord(dataFolder: string): Promise<string | undefined> {
  const file = path.join(dataFolder, 'cluster.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { cluster } = JSON.parse(text) as { cluster: string };
  // A record is written before the folder is filled, so only a missing folder means loss.
  if ((await stat(cluster).catch(() => undefined)) !== undefined) return cluster;
  throw new EmbeddedPostgresError(`the database ${cluster}, which ${file} names, is missing`);
}

async function chooseFolder(options: {
  dataFolder: string;
  inside: string;
  account: Account | undefined;
}): Promise<string> {
  const { dataFolder, inside, account } = options;
  if (account === undefined) return inside;
  if (!(await canReach(account, { folder: dataFolder }))) await letIn(dataFolder, account);
  if (await canReach(account, { folder: dataFolder })) return inside;

  const outside = path.join(sharedFolder, randomBytes(8).toString('hex'));
  try {
    await makeHome({ folder: outside, dataFolder, account });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EmbeddedPostgresError(
      `${account.name} cannot enter ${dataFolder}, nor can ${outside} be made (${code}): ` +
        'set SLOTWRIGHT_DATA to a folder that it can enter',
    );
  }
  await writeSecret(dataFolder, 'cluster.json', JSON.stringify({ cluster: outside }));
  return outside;
}

// Entering is all that the group may do: it cannot list the folder, and secrets are 0600.
async function letIn(dataFolder: string, { gid }: Account): Promise<void> {
  const { uid, mode } = await stat(dataFolder);
  if (uid !== 0 || (mode & 0o070) !== 0) return;
  await chown(dataFolder, 0, gid);
  await chmod(dataFolder, (mode & 0o7777) | 0o010);
}

async function makeHome(options: {
  folder: string;
  dataFolder: string;
  account: Account | undefined;
}): Promise<void> {
  const { folder, dataFolder, account } = options;
  await mkdir(path.dirname(folder), { recursive: true, mode: 0o755 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (account === undefined) return;
  const { uid } = await stat(dataFolder);
  await chown(folder, uid === account.uid ? uid : 0, account.gid);
  await chmod(folder, 0o710);
}

/** A folder (0700) of the account's; refuses what somebody else put there under the name. */
async function makeOwnFolder(folder: string, account: Account | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made = await lstat(folder);
  if (account !== undefined && made.isDirectory() && made.uid === 0) {
    await chown(folder, account.uid, account.gid);
  }
  const { uid, mode } = await lstat(folder);
  const owner = account?.uid ?? process.getuid?.();
  if (made.isDirectory() && uid === owner && (mode & 0o077) === 0) return;
  throw new EmbeddedPostgresError(`${folder} belongs to somebody else or is open to others`);
}

function socketsOf(folder: string): string {
  const near = path.join(folder, 'sockets');
  if (Buffer.byteLength(near) <= longestSocketFolder) return near;
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return path.join(process.getuid?.() === 0 ? '/run' : '/tmp', `slotwright-${id}`);
}

async function removeOldLogs(logs: string): Promise<void> {
  const names = (await readdir(logs)).filter((name) => name.startsWith('postgresql-')).sort();
  for (const name of names.slice(0, -keptLogs)) await rm(path.join(logs, name), { force: true });
}
