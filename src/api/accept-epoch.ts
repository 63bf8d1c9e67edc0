import { unavailable } from '../contract/problem.ts';
import { isTransient, sqlState } from '../io/postgres.ts';

/** The write epoch that this process believes in; `refresh` reads it anew. */
export interface AcceptEpoch {
  current(): number;
  refresh(): Promise<void>;
}

const writesClosedState = 'SW001';
const maxAttempts = 3;

/**
 * Runs a writing statement under the current epoch: again at once after a deadlock or a
 * serialisation failure, and once more after the epoch has been read anew. What still finds writes
 * closed is answered `unavailable`; any other error is the caller's.
 */
export async function acceptEpoch<T>(
  epoch: AcceptEpoch,
  write: (epoch: number) => Promise<T>,
): Promise<T> {
  let refreshed = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write(epoch.current());
    } catch (error) {
      if (sqlState(error) === writesClosedState) {
        if (refreshed) throw unavailable('writes are closed for now', 5);
        await epoch.refresh();
        refreshed = true;
      } else if (!isTransient(error) || attempt >= maxAttempts) {
        throw error;
      }
    }
  }
}
