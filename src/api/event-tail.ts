import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { Queries } from '../io/postgres.ts';
import { countEventsAppended } from '../store/read/events.ts';

export interface EventTailOptions {
  directory: Queries;
  clock: Clock;
  log: Log;
  limits: { pollEventsMs: number };
}

/** Says when the event log has grown: one small read for all who wait, none while nobody does. */
export class EventTail {
  readonly #options: EventTailOptions;
  readonly #waiting = new Set<() => void>();
  readonly #stopping = new AbortController();
  #appended = 0;
  #polling = false;

  constructor(options: EventTailOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopping.abort();
    this.#wakeAll();
  }

  /** To be taken before the log is read, or growth in between would go unnoticed. */
  mark(): number {
    return this.#appended;
  }

  /** Resolves once the log has grown since the mark, after `ms`, or when the signal is aborted. */
  async grown(mark: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#appended !== mark || signal.aborted || this.#stopping.signal.aborted) return;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    // The poll ends by itself with the last who waits, and never rejects.
    if (!this.#polling) void this.#poll();
    await this.#options.clock.sleep(ms, woken.signal);
    signal.removeEventListener('abort', wake);
    this.#waiting.delete(wake);
  }

  async #poll(): Promise<void> {
    const { directory, clock, log, limits } = this.#options;
    this.#polling = true;
    while (this.#waiting.size > 0 && !this.#stopping.signal.aborted) {
      try {
        const appended = await countEventsAppended(directory);
        if (appended !== this.#appended) {
          this.#appended = appended;
          this.#wakeAll();
        }
      } catch (error) {
        log.warn({ component: 'api', err: error }, 'the event log cannot be watched');
      }
      await clock.sleep(limits.pollEventsMs, this.#stopping.signal);
    }
    this.#polling = false;
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
