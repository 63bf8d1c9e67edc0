import { CallFailure } from '../../io/call-failure.ts';
import type { Clock } from '../../io/clock.ts';

export interface TimedCallOptions {
  clock: Clock;
  timeoutMs: number;
  /** Of the caller, who may give up before the time is over. */
  signal: AbortSignal;
}

// For adapters to say what became of an aborted call; who says nothing by then is not waited for.
const graceMs = 50;

/**
 * Runs `work` under a signal of its own, which ends at the timeout or with the caller's, and waits
 * no longer than that, whether or not the work heeds it.
 *
 * @throws CallFailure `ambiguous` where the work itself does not say what became of it
 */
export async function timedCall<T>(
  { clock, timeoutMs, signal }: TimedCallOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const over = new AbortController();

  async function giveUp(): Promise<never> {
    await clock.sleep(timeoutMs, AbortSignal.any([over.signal, signal]));
    // A call that has ended is aborted no more: its connection may be serving the next one.
    if (!over.signal.aborted) limit.abort();
    await clock.sleep(graceMs, over.signal);
    throw new CallFailure('ambiguous', signal.aborted ? 'cancelled' : 'timeout');
  }

  try {
    return await Promise.race([work(AbortSignal.any([signal, limit.signal])), giveUp()]);
  } finally {
    over.abort();
  }
}
