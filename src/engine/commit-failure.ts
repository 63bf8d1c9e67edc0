import { isTransient, isUnavailable, sqlState } from '../io/postgres.ts';
import { fenceLostState, staleDecisionState } from '../store/write/decide.ts';
import { isEpochOver } from '../store/write-epoch.ts';

/** What a failed commit says about the decisions that were in it. */
export type CommitFailure =
  /** Whether it happened is not known here. */
  | 'unknown'
  /** It did not happen, and the server can take nothing now (no room, read-only). */
  | 'unavailable'
  /** It did not happen: writes are closed, or the epoch is over. */
  | 'closed'
  /** It did not happen: the region's row has another token or position. */
  | 'deposed'
  /** It did not happen: something was not as planned, or a deadlock was lost. */
  | 'stale'
  | 'overlap'
  | 'refused';

const exclusionViolation = '23P01';

export function commitFailure(error: unknown): CommitFailure {
  const state = sqlState(error);
  // The session ended or the server broke: that can be after the commit as well as before it.
  if (state === undefined || /^(08|57P|58|XX)/.test(state)) return 'unknown';
  if (isUnavailable(error)) return 'unavailable';
  if (isEpochOver(error)) return 'closed';
  if (state === fenceLostState) return 'deposed';
  if (state === staleDecisionState || isTransient(error)) return 'stale';
  return state === exclusionViolation ? 'overlap' : 'refused';
}
