import { writeSecret } from './data-folder.ts';
import { findBinaries } from './embedded/binaries.ts';
import { ensureCluster } from './embedded/cluster.ts';
import { ensureDatabase, urlOf } from './embedded/database.ts';
import { openHome } from './embedded/home.ts';
import type { PostgresHome } from './embedded/home.ts';
import { stopLeftover } from './embedded/leftover.ts';
import { startPostmaster } from './embedded/postmaster.ts';
import { EmbeddedPostgresError } from './embedded/embedded-postgres-error.ts';
import { supervise } from './embedded/supervision.ts';
import type { Supervision } from './embedded/supervision.ts';
import { lockFolder } from './folder-lock.ts';
import type { Log } from './log.ts';

export { EmbeddedPostgresError } from './embedded/embedded-postgres-error.ts';

export interface EmbeddedPostgres extends Supervision {
  /** Also in `<data folder>/database.url`; serves psql and other processes of this machine. */
  url: string;
}

export interface EmbeddedPostgresOptions {
  /** Absolute, and held by this process. */
  dataFolder: string;
  log: Log;
  /** Aborted: a start under way ends, and throws. */
  signal?: AbortSignal;
}

/**
 * A PostgreSQL server of this process's own, on a cluster in its data folder that is made on first
 * use. A server that dies is started again; meanwhile connections are refused. `stop` (a fast
 * shutdown) is for after the drain and may be called twice.
 *
 * @throws {EmbeddedPostgresError} one line that says what is wrong
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  try {
    const home = await openHome(options.dataFolder);
    // Two data folders may name one cluster outside of them, where one is a copy of the other.
    const lock = home.inPlace ? undefined : await lockFolder(home.folder);
    try {
      const supervision = await startServer(home, options);
      const stop = async (): Promise<void> => {
        await supervision.stop();
        await lock?.release();
      };
      return { url: urlOf(home), failed: supervision.failed, stop };
    } catch (error) {
      await lock?.release();
      throw error;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new EmbeddedPostgresError(`the embedded PostgreSQL does not start: ${message}`);
  }
}

async function startServer(
  home: PostgresHome,
  { dataFolder, log, signal }: EmbeddedPostgresOptions,
): Promise<Supervision> {
  const running = { home, binaries: await findBinaries(home.account) };
  await stopLeftover(home, log);
  await ensureCluster(running);
  const first = await startPostmaster({ ...running, ...(signal && { signal }) });
  try {
    await ensureDatabase(home);
    await writeSecret(dataFolder, 'database.url', urlOf(home));
  } catch (error) {
    await first.stop();
    throw error;
  }
  log.info({ pid: first.pid, folder: home.folder }, 'embedded PostgreSQL is running');
  return supervise({ first, running, log });
}
