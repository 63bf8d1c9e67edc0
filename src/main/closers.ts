import type { Log } from '../io/log.ts';

/** What has been opened, to be closed in reverse; one that fails does not keep the others open. */
export class Closers {
  readonly #log: Log;
  readonly #opened: { name: string; close: () => Promise<void> }[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, close: () => Promise<void>): void {
    this.#opened.push({ name, close });
  }

  async closeAll(): Promise<void> {
    for (let next = this.#opened.pop(); next !== undefined; next = this.#opened.pop()) {
      try {
        await next.close();
      } catch (error) {
        this.#log.error({ err: error, part: next.name }, 'not closed cleanly');
      }
    }
  }
}
