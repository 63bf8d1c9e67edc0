import { backoffDelayMs, type BackoffPolicy } from './backoff.ts';

export interface RetryPolicy extends BackoffPolicy {
  maxAttempts: number;
}

export type RetryPlan =
  { kind: 'retry'; delayMs: number } | { kind: 'given-up'; why: 'attempts' | 'deadline' };

export interface FailedAttempt {
  /** Attempts made so far, this one included. */
  attempts: number;
  /** 0 before the first retry. */
  lastDelayMs: number;
  nowMs: number;
  /** Null: there is none. */
  deadlineMs: number | null;
  /** Chance in [0, 1). */
  fraction: number;
}

/** When to try again, or why not: decorrelated jitter, within the attempts and the deadline. */
export function retryPlan(policy: RetryPolicy, failed: FailedAttempt): RetryPlan {
  if (failed.attempts >= policy.maxAttempts) return { kind: 'given-up', why: 'attempts' };
  const delayMs = backoffDelayMs(policy, failed);
  const { deadlineMs, nowMs } = failed;
  if (deadlineMs !== null && nowMs + delayMs > deadlineMs) {
    return { kind: 'given-up', why: 'deadline' };
  }
  return { kind: 'retry', delayMs };
}
