/**
 * A cache of what was used lately, of bounded size. Entries move to the young half when they are
 * used; when that is full the old half is forgotten, and the young becomes the old. So a use in
 * steady state costs one look-up, and what is in use is never pushed out by what is not.
 */
export class RecentEntries<Value> {
  readonly #halfSize: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(maxSize: number) {
    this.#halfSize = Math.max(1, Math.floor(maxSize / 2));
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#halfSize && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
