import { isEpochOver, type WriteEpoch } from '../store/write-epoch.ts';

/** Reads the write epoch again where a statement failed because of it. */
export async function refreshEpoch(epoch: WriteEpoch, error: unknown): Promise<void> {
  if (isEpochOver(error)) await epoch.refresh();
}
