import {
  DataFolderError,
  FolderInUseError,
  openDataFolder,
  readSecret,
} from '../io/data-folder.ts';
import { EmbeddedPostgresError, startEmbeddedPostgres } from '../io/embedded-postgres.ts';
import { createLog } from '../io/log.ts';
import { isUnavailable, openDatabase, type Database } from '../io/postgres.ts';
import { describe, schemaState } from '../store/schema.ts';
import { Failure } from './failure.ts';

export interface DatabaseSettings {
  databaseUrl: string | undefined;
  dataFolder: string;
}

/**
 * Works on the database of the settings, whose schema must be up to date. The embedded one is that
 * of a service which is running, or is started for the time of the work.
 */
export async function withServiceDatabase<T>(
  { databaseUrl, dataFolder }: DatabaseSettings,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const onCurrent = (url: string): Promise<T> =>
    withDatabase(url, async (database) => {
      const state = await schemaState(database);
      if (state.kind !== 'current') throw new Failure(describe(state));
      return work(database);
    });
  try {
    if (databaseUrl !== undefined) return await onCurrent(databaseUrl);
    // A cluster is made by the service's first start alone, never by the way.
    const url = await readSecret(dataFolder, 'database.url');
    if (url === undefined) {
      throw new Failure(
        `no database in ${dataFolder}: start the service once, set DATABASE_URL, ` +
          'or name the data folder in SLOTWRIGHT_DATA',
      );
    }
    return await withEmbedded(dataFolder, onCurrent).catch((error: unknown) => {
      if (!(error instanceof FolderInUseError)) throw error;
      return onCurrent(url);
    });
  } catch (error) {
    const isExpected = error instanceof EmbeddedPostgresError || error instanceof DataFolderError;
    if (isExpected || isUnavailable(error) || isRefused(error)) {
      throw new Failure(`the database cannot be used: ${databaseReason(error)}`);
    }
    throw error;
  }
}

export async function withDatabase<T>(
  url: string,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = openDatabase({ url, applicationName: 'slotwright cli', maxConnections: 1 });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Holds the data folder meanwhile, so that no service starts on it. */
export async function withEmbedded<T>(
  dataFolder: string,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const folder = await openDataFolder(dataFolder);
  try {
    const postgres = await startEmbeddedPostgres({
      dataFolder: folder.path,
      log: createLog('silent', ''),
    });
    try {
      return await work(postgres.url);
    } finally {
      await postgres.stop();
    }
  } finally {
    await folder.lock.release();
  }
}

/** Password, role or database are wrong; the server is not to be found. */
function isRefused(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(28|3D|EAI_)/.test(code);
}

/** A refused connection to several addresses has no message of its own. */
export function databaseReason(error: unknown): string {
  const { message, code } = error as { message: string; code?: unknown };
  return message === '' ? String(code) : message;
}
