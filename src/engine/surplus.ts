import { surplusPatienceMs } from './config.ts';

/**
 * How regions go to an engine that has come: none until the surplus has lasted, and then a tenth of
 * it at each look, since every one of them is decided by nobody until its next owner has loaded it.
 */
export class Surplus {
  #sinceMs: number | undefined;

  /** How many regions to let go of now. */
  toRelease(surplus: number, nowMs: number): number {
    if (surplus === 0) {
      this.#sinceMs = undefined;
      return 0;
    }
    this.#sinceMs ??= nowMs;
    return nowMs - this.#sinceMs < surplusPatienceMs ? 0 : Math.ceil(surplus / 10);
  }
}
