import { CallFailure } from '../../io/call-failure.ts';

/** Why a call was not made at all: nothing was sent, and no attempt is spent. */
export type NotCalled =
  | 'breaker-open'
  | 'breaker-forced-open'
  | 'breaker-probing'
  | 'breaker-ramping'
  | 'busy'
  | 'retry-budget'
  /** By the caller, after it was let through. */
  | 'withdrawn';

/**
 * What became of a call. Reasons are codes: they may be logged, counted and shown. `untilMs`, epoch
 * milliseconds, is when to come back, spread so that those who wait do not return together.
 */
export type CallOutcome<T> =
  | { kind: 'succeeded'; value: T }
  /** For good: the other side understood and will not. */
  | { kind: 'refused'; reason: string }
  /** It was certainly not done. */
  | { kind: 'failed'; reason: string }
  /** It may have been done: whoever does not call again has to take it back. */
  | { kind: 'ambiguous'; reason: string }
  | { kind: 'throttled'; reason: string; untilMs: number }
  | { kind: 'not-called'; reason: NotCalled; untilMs: number };

export type CallOutcomeKind = CallOutcome<unknown>['kind'];

/** The failure that an error stands for: what nobody has classified may have happened. */
export function callFailureOf(error: unknown): CallFailure {
  return error instanceof CallFailure ? error : new CallFailure('ambiguous', 'error');
}
