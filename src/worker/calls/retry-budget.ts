export interface RetryBudgetOptions {
  /** Retries per hundred first calls. */
  percent: number;
  /** Retries per second that need no calls to be paid with: the few calls of a quiet hour too. */
  floorPerSecond: number;
}

// What may be saved up: an hour without failures is no reason for a storm of retries.
const savedSeconds = 2;
const savedCalls = 100;

/**
 * Keeps retries a small share of calls, so that they cannot multiply an outage. Over any time,
 * retries ≤ percent of first calls + floor × seconds + what was saved up.
 */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  #earned = 0;
  #floor: number;
  #atMs: number;

  constructor(options: RetryBudgetOptions, nowMs: number) {
    this.#options = options;
    this.#floor = options.floorPerSecond * savedSeconds;
    this.#atMs = nowMs;
  }

  /** A first call was made. */
  earn(): void {
    const share = this.#options.percent / 100;
    this.#earned = Math.min(this.#earned + share, savedCalls * share);
  }

  /** 0: a retry may be made. Else how many milliseconds until one may. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    const missing = 1 - Math.max(this.#earned, this.#floor);
    if (missing <= rounding) return 0;
    const { floorPerSecond } = this.#options;
    return floorPerSecond === 0 ? 1_000 : Math.ceil((missing * 1_000) / floorPerSecond);
  }

  /** To be called where `waitMs` has just answered 0. */
  spend(): void {
    if (this.#earned >= 1 - rounding) this.#earned -= 1;
    else this.#floor -= 1;
  }

  #fill(nowMs: number): void {
    const { floorPerSecond } = this.#options;
    const gained = (floorPerSecond * (nowMs - this.#atMs)) / 1_000;
    this.#floor = Math.min(this.#floor + gained, Math.max(1, floorPerSecond * savedSeconds));
    this.#atMs = nowMs;
  }
}

// Ten tenths are not quite one.
const rounding = 1e-9;
