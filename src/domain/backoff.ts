export interface BackoffPolicy {
  baseMs: number;
  capMs: number;
}

/**
 * Decorrelated jitter: min(cap, random between base and three times the last delay). `fraction` in
 * [0, 1) is the chance, `lastDelayMs` 0 before the first retry. Always a whole number in
 * [min(base, cap), cap].
 * Source: Marc Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function backoffDelayMs(
  policy: BackoffPolicy,
  { lastDelayMs, fraction }: { lastDelayMs: number; fraction: number },
): number {
  const { baseMs, capMs } = policy;
  const upper = Math.max(baseMs, lastDelayMs * 3);
  return Math.min(capMs, Math.round(baseMs + fraction * (upper - baseMs)));
}
