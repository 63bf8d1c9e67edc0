import type { Pages } from '../../store/read/orphans.ts';
import type { SweptTable } from '../../store/read/orphans-standing.ts';
import type { Clock } from '../../io/clock.ts';
import type { ReconcilerConfig } from './config.ts';

export interface Stretch extends Pages {
  table: SweptTable;
  /** Which pass this is, from 0. */
  pass: number;
}

const tables: readonly SweptTable[] = ['appointments', 'slot_holds', 'sagas'];

/**
 * Goes through the tables again and again, a stretch of pages at a time, spread evenly over the
 * time of a pass. By place and not by key, because that costs least; a row that moves from behind
 * to before the sweep is met in the next pass.
 */
export class Sweep {
  readonly #clock: Clock;
  readonly #config: ReconcilerConfig;
  readonly #onPass: (seconds: number) => void;
  #pass = 0;
  #passBeganMs: number | undefined;
  #table = 0;
  #page = 0;
  #nextAtMs = 0;

  constructor(
    needs: { clock: Clock; config: ReconcilerConfig },
    onPass: (seconds: number) => void,
  ) {
    this.#clock = needs.clock;
    this.#config = needs.config;
    this.#onPass = onPass;
  }

  /** The next stretch, when its time has come; more slowly while others have work to do. */
  next(pages: Readonly<Record<SweptTable, number>>, isBusy: boolean): Stretch | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#nextAtMs) return undefined;
    this.#passBeganMs ??= nowMs;
    for (const table of tables.slice(this.#table)) {
      const from = this.#page;
      this.#page += this.#config.pagesPerTurn[table];
      if (from < pages[table]) {
        const to = Math.min(this.#page, pages[table]);
        this.#nextAtMs = nowMs + (to - from) * this.#msPerPage(pages, isBusy);
        return { table, pass: this.#pass, from, to };
      }
      this.#table += 1;
      this.#page = 0;
    }
    this.#endPass(nowMs, this.#passBeganMs);
    return undefined;
  }

  #msPerPage(pages: Readonly<Record<SweptTable, number>>, isBusy: boolean): number {
    const { passMs, largePages, msPerPage, gentleMsPerPage } = this.#config;
    const isGentle = isBusy || pages.appointments > largePages;
    const total = tables.reduce((sum, table) => sum + pages[table], 0);
    return Math.max(passMs / total, isGentle ? gentleMsPerPage : msPerPage);
  }

  #endPass(nowMs: number, beganMs: number): void {
    this.#pass += 1;
    this.#table = 0;
    this.#passBeganMs = undefined;
    // Where there is nothing to go through yet.
    this.#nextAtMs = Math.max(nowMs, beganMs + this.#config.passMs);
    this.#onPass((nowMs - beganMs) / 1_000);
  }
}
