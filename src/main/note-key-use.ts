import { markKeyUsed } from '../store/write/api-keys.ts';
import { refreshEpoch } from '../store/write-epoch.ts';
import type { SharedParts } from './shared-parts.ts';

type Parts = Pick<SharedParts, 'database' | 'epoch' | 'log'>;
type UsedKey = Parameters<typeof markKeyUsed>[2];

const maxInFlight = 8;

/** Writes down that a key was used; no request waits for it, and a use may be lost. */
export function noteKeyUse({ database, epoch, log }: Parts): (key: UsedKey) => void {
  let inFlight = 0;
  const write = async (key: UsedKey): Promise<void> => {
    inFlight += 1;
    try {
      await markKeyUsed(database, epoch.current(), key);
    } catch (error) {
      log.debug({ component: 'gateway', err: error }, 'the use of a key is not written down');
      await refreshEpoch(epoch, error).catch(() => undefined);
    } finally {
      inFlight -= 1;
    }
  };
  return (key) => {
    // A key that is passed over is looked up again within a second, and told of again.
    if (inFlight < maxInFlight && epoch.writable()) void write(key);
  };
}
