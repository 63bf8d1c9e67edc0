import type { Clock } from './clock.ts';

/** Waits for `work` no longer than `limitMs`, then throws an Error that says `why`. */
export async function withinTime<T>(
  work: Promise<T>,
  { clock, limitMs, why }: { clock: Clock; limitMs: number; why: string },
): Promise<T> {
  const over = new AbortController();
  const limit = clock.sleep(limitMs, over.signal).then(() => {
    throw new Error(why);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    over.abort();
  }
}
