import type { ExpressCreate, ExpressOutcome } from '../contract/express-lane.ts';
import type { Clock } from '../io/clock.ts';
import type { CreateRow } from '../store/write/accept-creates.ts';
import { expressPatienceMs, expressQueueLimit } from './config.ts';

export interface ExpressEntry extends ExpressCreate<CreateRow> {
  settle(outcome: ExpressOutcome): void;
}

/**
 * Create requests that wait in memory for a region's next batch. Nothing of them is durable yet,
 * so each may be sent another way at any time, even while its batch commits: its key is unique, and
 * whichever way comes second finds it used. That is why nobody waits here for long.
 */
export class ExpressQueue {
  readonly #clock: Clock;
  readonly #onArrival: () => void;
  /** In order of arrival; those being decided stay until they are settled. */
  readonly #unsettled = new Map<ExpressEntry, number>();
  #waiting: ExpressEntry[] = [];
  #watching = false;

  constructor(clock: Clock, onArrival: () => void) {
    this.#clock = clock;
    this.#onArrival = onArrival;
  }

  get size(): number {
    return this.#waiting.length;
  }

  submit(create: ExpressCreate<CreateRow>): Promise<ExpressOutcome> {
    if (this.#unsettled.size >= expressQueueLimit) return Promise.resolve('elsewhere');
    return new Promise((resolve) => {
      const entry: ExpressEntry = {
        ...create,
        settle: (outcome) => {
          this.#unsettled.delete(entry);
          resolve(outcome);
        },
      };
      this.#unsettled.set(entry, this.#clock.monotonicMs());
      this.#waiting.push(entry);
      this.#onArrival();
      // Nobody awaits the watch: it ends with the last entry and cannot fail.
      if (!this.#watching) void this.#watch();
    });
  }

  /** The next batch: those in line that go with the first. */
  take(
    limit: number,
    goesWith: (first: ExpressEntry, other: ExpressEntry) => boolean,
  ): ExpressEntry[] {
    const [first] = this.#waiting;
    if (first === undefined) return [];
    const end = this.#waiting.findIndex((other) => !goesWith(first, other));
    return this.#waiting.splice(0, end < 0 ? limit : Math.min(end, limit));
  }

  /** Puts entries of a batch that came to nothing first in line again. */
  putBack(entries: readonly ExpressEntry[]): void {
    this.#waiting = [...entries.filter((entry) => this.#unsettled.has(entry)), ...this.#waiting];
  }

  /** Sends all that waits another way. */
  sendElsewhere(): void {
    for (const entry of this.#waiting.splice(0)) entry.settle('elsewhere');
  }

  /** Sends another way what has waited too long, its batch included. */
  async #watch(): Promise<void> {
    this.#watching = true;
    while (this.#unsettled.size > 0) {
      await this.#clock.sleep(expressPatienceMs / 4);
      const untilMs = this.#clock.monotonicMs() - expressPatienceMs;
      for (const [entry, sinceMs] of this.#unsettled) {
        if (sinceMs > untilMs) break;
        entry.settle('elsewhere');
      }
      this.#waiting = this.#waiting.filter((entry) => this.#unsettled.has(entry));
    }
    this.#watching = false;
  }
}
