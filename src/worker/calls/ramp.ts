const startShare = 0.2;
// With the bucket's depth on top, no second sees more than 1.5 times the steady rate.
const endShare = 1.3;
const bucketSeconds = 0.15;

/**
 * The limit after a breaker has closed. It grows over `rampMs` and stays until for twice as long
 * nobody has been turned away, because a backlog would come all at once when the limit ended.
 */
export class Ramp {
  readonly #startMs: number;
  readonly #rampMs: number;
  readonly #steady: number;
  #tokens = 1;
  #atMs: number;
  #turnedAwayMs: number;
  #nextMs: number;

  constructor({ nowMs, rampMs, steady }: { nowMs: number; rampMs: number; steady: number }) {
    this.#startMs = this.#atMs = this.#turnedAwayMs = this.#nextMs = nowMs;
    this.#rampMs = rampMs;
    this.#steady = steady;
  }

  /** 0: go on. Else how long to wait; each of those turned away is told another time. */
  take(nowMs: number): number {
    const rate = this.#rate(nowMs);
    const depth = Math.max(1, rate * bucketSeconds);
    this.#tokens = Math.min(depth, this.#tokens + (rate * (nowMs - this.#atMs)) / 1_000);
    this.#atMs = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    this.#turnedAwayMs = nowMs;
    this.#nextMs = Math.max(this.#nextMs, nowMs) + 1_000 / rate;
    if (this.#nextMs > nowMs + this.#rampMs) this.#nextMs = nowMs + 1_000 / rate;
    return Math.ceil(this.#nextMs - nowMs);
  }

  isOver(nowMs: number): boolean {
    const quietMs = nowMs - this.#turnedAwayMs;
    return nowMs - this.#startMs >= this.#rampMs && quietMs >= 2 * this.#rampMs;
  }

  #rate(nowMs: number): number {
    const progress = Math.min(1, (nowMs - this.#startMs) / this.#rampMs);
    return this.#steady * (startShare + (endShare - startShare) * progress);
  }
}
