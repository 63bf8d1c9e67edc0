import type { Queries } from '../io/postgres.ts';
import { oldestPendingSeconds } from '../store/read/pending-commands.ts';
import { holdHorizonSeconds } from './config.ts';
import type { RegionState } from './placement/region-state.ts';

/** Holds that end before this instant (epoch seconds) cannot meet any booking to be decided. */
export async function holdHorizon(
  queries: Queries,
  place: { tenantId: string; region: string },
  nowSeconds: number,
): Promise<number> {
  const oldest = (await oldestPendingSeconds(queries, place)) ?? nowSeconds;
  return Math.min(oldest, nowSeconds) - holdHorizonSeconds;
}

/** Forgets holds that end before `sinceS`, as loading afresh would; answers how many. */
export function pruneHolds(state: RegionState, sinceS: number): number {
  let pruned = 0;
  for (const hold of state.holds.values()) {
    if (hold.end + hold.bufferAfter > sinceS) continue;
    state.removeHold(hold.appointmentId);
    pruned += 1;
  }
  return pruned;
}
