import { Failure } from './failure.ts';

const SHOWN = 20;

/** What is wrong with the rows of a file: the first of it is kept, all of it is counted. */
export class BadRows {
  readonly #shown: string[] = [];
  #count = 0;

  add(problems: readonly string[]): void {
    this.#count += problems.length;
    this.#shown.push(...problems.slice(0, SHOWN - this.#shown.length));
  }

  /** Throws where there was anything wrong. */
  refuse(message: string): void {
    if (this.#count === 0) return;
    const more = this.#count - this.#shown.length;
    const details = more > 0 ? [...this.#shown, `and ${more} more`] : this.#shown;
    throw new Failure(message, { details });
  }
}
