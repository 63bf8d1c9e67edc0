const spanSeconds = 10;

/** Calls per second over the last ten seconds, or since the first call where that is less. */
export class RateMeter {
  readonly #counts = new Array<number>(spanSeconds).fill(0);
  #firstSecond: number | undefined;
  #lastSecond = 0;

  count(nowMs: number): void {
    const second = this.#moveTo(nowMs);
    this.#firstSecond ??= second;
    const slot = second % spanSeconds;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  perSecond(nowMs: number): number {
    const second = this.#moveTo(nowMs);
    const seconds = Math.min(spanSeconds, second - (this.#firstSecond ?? second) + 1);
    return this.#counts.reduce((sum, count) => sum + count, 0) / seconds;
  }

  #moveTo(nowMs: number): number {
    const second = Math.floor(nowMs / 1_000);
    const passed = Math.min(second - this.#lastSecond, spanSeconds);
    for (let i = 0; i < passed; i += 1) this.#counts[(second - i) % spanSeconds] = 0;
    // Nobody called for the whole span: what was before says nothing of the rate.
    if (passed === spanSeconds) this.#firstSecond = undefined;
    this.#lastSecond = Math.max(this.#lastSecond, second);
    return this.#lastSecond;
  }
}
