/** The last calls, bounded by count and age: how many there are, and how many of them were bad. */
export class CallWindow {
  readonly #limits: { calls: number; ms: number };
  #calls: { atMs: number; bad: boolean }[] = [];
  #bad = 0;

  constructor(limits: { calls: number; ms: number }) {
    this.#limits = limits;
  }

  add(atMs: number, bad: boolean): void {
    this.#calls.push({ atMs, bad });
    if (bad) this.#bad += 1;
    this.#forget(atMs);
  }

  at(nowMs: number): { calls: number; bad: number } {
    this.#forget(nowMs);
    return { calls: this.#calls.length, bad: this.#bad };
  }

  clear(): void {
    this.#calls = [];
    this.#bad = 0;
  }

  #forget(nowMs: number): void {
    const { calls, ms } = this.#limits;
    for (let first = this.#calls[0]; first !== undefined; first = this.#calls[0]) {
      if (this.#calls.length <= calls && first.atMs > nowMs - ms) return;
      this.#calls.shift();
      if (first.bad) this.#bad -= 1;
    }
  }
}
