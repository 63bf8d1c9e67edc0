import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { isUnavailable } from './postgres.ts';
import { withinTime } from './within-time.ts';

/** How much a turn found: a full batch (go on at once), something, or nothing. */
export type TurnResult = 'full' | 'some' | 'none';

export interface PollingLoop {
  start(): void;
  /** Ends the pause between two turns. Losing a wake costs at most the idle pause. */
  wake(): void;
  /** Resolves when the turn in hand is over, or after 10 s where it hangs; no other begins. */
  stop(): Promise<void>;
  /** Why the last turn failed, if it did. */
  failure(): string | undefined;
  /** How long the turn in hand has lasted; 0 between turns. */
  busyForMs(): number;
}

export interface PollingLoopOptions {
  name: string;
  clock: Clock;
  log: Log;
  turn: () => Promise<TurnResult>;
  /** Called when a turn failed, before the pause, e.g. to refresh what the turn relied on. */
  recover?: (error: unknown) => Promise<void>;
  busyPauseMs?: number;
  idlePauseMs?: number;
  /**
   * Least time from the start of a turn that was not full to the start of the next: what comes in
   * meanwhile shares one turn. After a pause a wake is followed at once.
   */
  turnGapMs?: number;
  /**
   * A turn that lasts longer has failed, and the loop goes on without it: what it may still do must
   * be repeatable or fenced. Infinity where nobody may go on beside it.
   */
  turnLimitMs?: number;
}

/** Longer than any wait that a turn sets a limit to: connections, confirms, calls. */
const defaultTurnLimitMs = 20_000;
const failurePauseMs = 1_000;
const drainMs = 10_000;

/**
 * Runs turns one after another: at once after a full batch, after a short pause while there is
 * work, and backing off to the idle pause when there is none. A turn that fails is logged once
 * per kind of failure, not once per turn: a database that is away for an hour is one line.
 */
export function pollingLoop(options: PollingLoopOptions): PollingLoop {
  const { clock, log, busyPauseMs = 10, idlePauseMs = 250, turnGapMs = 0 } = options;
  const stopping = new AbortController();
  let pause = new AbortController();
  let woken = false;
  let failure: string | undefined;
  let pauseMs = busyPauseMs;
  let running: Promise<void> = Promise.resolve();
  let busySinceMs: number | undefined;

  function pauseAfter(result: TurnResult): number {
    if (result === 'full') return 0;
    return result === 'some'
      ? busyPauseMs
      : Math.min(Math.max(pauseMs * 2, busyPauseMs), idlePauseMs);
  }

  const wasWoken = (): boolean => woken;

  async function attempt(): Promise<void> {
    try {
      pauseMs = pauseAfter(await inTime(options));
      if (failure !== undefined) log.info({ component: options.name }, 'running again');
      failure = undefined;
    } catch (error) {
      reportOnce(error);
      pauseMs = Math.min(Math.max(pauseMs * 2, 50), failurePauseMs);
      await options.recover?.(error).catch(reportOnce);
    }
  }

  function reportOnce(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message === failure) return;
    failure = message;
    if (isUnavailable(error)) log.warn({ component: options.name, why: message }, 'no database');
    else log.error({ component: options.name, err: error }, 'a turn failed');
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      woken = false;
      const startedMs = clock.monotonicMs();
      busySinceMs = startedMs;
      await attempt();
      busySinceMs = undefined;
      // After a failure a wake does not cut the pause: whoever wakes us fails as well.
      if (failure !== undefined) await clock.sleep(pauseMs, stopping.signal);
      else if (!wasWoken() && pauseMs > 0) {
        pause = new AbortController();
        await clock.sleep(pauseMs, AbortSignal.any([pause.signal, stopping.signal]));
      }
      const gapMs = startedMs + turnGapMs - clock.monotonicMs();
      if (gapMs > 0 && pauseMs > 0) await clock.sleep(gapMs, stopping.signal);
    }
  }

  return {
    start: () => {
      running = run();
    },
    wake: () => {
      woken = true;
      // With a reason of our own: none given would cost an exception with its stack.
      pause.abort(null);
    },
    stop: async () => {
      stopping.abort();
      const over = new AbortController();
      const limit = clock.sleep(drainMs, over.signal);
      await Promise.race([running, limit]);
      over.abort();
    },
    failure: () => (failure === undefined ? undefined : `${options.name}: ${failure}`),
    busyForMs: () => (busySinceMs === undefined ? 0 : clock.monotonicMs() - busySinceMs),
  };
}

function inTime({ clock, turn, turnLimitMs }: PollingLoopOptions): Promise<TurnResult> {
  const limitMs = turnLimitMs ?? defaultTurnLimitMs;
  if (limitMs === Infinity) return turn();
  return withinTime(turn(), { clock, limitMs, why: 'a turn hangs and is given up' });
}
