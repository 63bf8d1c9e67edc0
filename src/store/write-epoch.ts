import { sqlState, type Queries } from '../io/postgres.ts';
import { statement } from './statement.ts';

/** Raised by assert_write_epoch: writes are closed, or the epoch given is over. */
export const epochOverState = 'SW001';

const readEpoch = statement<{ epoch: number; mode: 'read-write' | 'read-only' }>(
  'read_write_epoch',
  `SELECT epoch, mode FROM write_epoch`,
);

/**
 * The write epoch as this process believes it to be. Every writing transaction asserts it, so a
 * process that slept through a change finds out before it writes.
 */
export interface WriteEpoch {
  current(): number;
  writable(): boolean;
  /** Reads it again: at start, and after a statement failed with `epochOverState`. */
  refresh(): Promise<void>;
}

export function createWriteEpoch(queries: Queries): WriteEpoch {
  let epoch = 0;
  let writable = false;
  return {
    current: () => epoch,
    writable: () => writable,
    refresh: async () => {
      const [row] = await queries.run(readEpoch);
      epoch = row?.epoch ?? 0;
      writable = row?.mode === 'read-write';
    },
  };
}

export function isEpochOver(error: unknown): boolean {
  return sqlState(error) === epochOverState;
}

/** Reads the write epoch again where a statement failed because of it. */
export async function refreshEpoch(epoch: WriteEpoch, error: unknown): Promise<void> {
  if (isEpochOver(error)) await epoch.refresh();
}
