/** A small generator (xorshift32): the same seed gives the same numbers on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Spread, because the seeds of consecutive decisions may be consecutive numbers; never zero.
    const mixed = Math.imul((seed ^ Math.floor(seed / 0x1_0000_0000)) + 0x9e37_79b9, 0x85eb_ca6b);
    this.#state = (mixed ^ (mixed >>> 15)) | 1;
  }

  /** An integer in [0, bound), for bounds below 2^16 as good as even. */
  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return Math.floor(((x >>> 0) / 0x1_0000_0000) * bound);
  }
}
