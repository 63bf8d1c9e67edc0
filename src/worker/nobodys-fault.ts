import { isUnavailable } from '../io/postgres.ts';
import { isEpochOver } from '../store/write-epoch.ts';

/** True for what says nothing against a task: the database is away, or writes are closed. */
export function isNobodysFault(error: unknown): boolean {
  return isUnavailable(error) || isEpochOver(error);
}
