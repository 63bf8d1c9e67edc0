import type { Database } from '../io/postgres.ts';
import { createWriteEpoch, isEpochOver } from '../store/write-epoch.ts';
import { Failure } from './failure.ts';

/** Runs a write under the epoch in force. */
export async function writeUnderEpoch<T>(
  database: Database,
  write: (epoch: number) => Promise<T>,
): Promise<T> {
  const epoch = createWriteEpoch(database);
  await epoch.refresh();
  try {
    return await write(epoch.current());
  } catch (error) {
    if (isEpochOver(error)) throw new Failure('the database is closed for writing');
    throw error;
  }
}
