import type { Clock } from '../../src/io/clock.ts';

/** Time that passes only when a test says so. */
export interface FakeClock extends Clock {
  /** Lets time pass, waking who sleeps in the order in which they are due. */
  advance(ms: number): Promise<void>;
  /** Moves time where nobody sleeps, for tests that make millions of steps. */
  jump(ms: number): void;
}

const epochMs = 1_900_000_000_000;

export function fakeClock(): FakeClock {
  let now = 0;
  const sleepers = new Set<{ dueMs: number; wake: () => void }>();

  return {
    nowSeconds: () => Math.floor((epochMs + now) / 1_000),
    nowMs: () => epochMs + now,
    monotonicMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { dueMs: now + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    advance: async (ms) => {
      const untilMs = now + ms;
      for (;;) {
        await settled();
        const [next] = [...sleepers].sort((a, b) => a.dueMs - b.dueMs);
        if (next === undefined || next.dueMs > untilMs) break;
        now = Math.max(now, next.dueMs);
        next.wake();
      }
      now = untilMs;
    },
    jump: (ms) => {
      now += ms;
    },
  };
}

/** Whatever follows from promises alone has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
