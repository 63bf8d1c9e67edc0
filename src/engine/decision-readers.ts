import type { Decision } from '../contract/engine-link.ts';
import { unavailable } from '../contract/problem.ts';
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import { decisionHeartbeatMs, maxDecisionReaders, maxUnreadCharacters } from './config.ts';

export interface DecisionReadersOptions {
  clock: Clock;
  log: Log;
  onDecision(listener: (decision: Decision) => void): () => void;
  maxUnreadCharacters?: number;
}

interface Reader {
  unread: string[];
  characters: number;
  /** Aborted when there is something to read, or nothing more to come. */
  news: AbortController;
}

/**
 * Tells decisions to other processes as they are made, a line of JSON each. A decision is written
 * once for all readers, and not at all where there are none. A reader that leaves too much unread
 * is dropped: it finds in the database what it has missed, as every reader does between streams.
 */
export class DecisionReaders {
  readonly #options: DecisionReadersOptions;
  readonly #readers = new Set<Reader>();
  readonly #maxUnread: number;
  #unsubscribe: (() => void) | undefined;

  constructor(options: DecisionReadersOptions) {
    this.#options = options;
    this.#maxUnread = options.maxUnreadCharacters ?? maxUnreadCharacters;
  }

  get size(): number {
    return this.#readers.size;
  }

  /** Throws where there are as many readers as there may be. */
  open(): (signal: AbortSignal) => AsyncIterable<string> {
    if (this.#readers.size >= maxDecisionReaders) throw unavailable('too many streams are open');
    return (signal) => this.#lines(signal);
  }

  async *#lines(signal: AbortSignal): AsyncGenerator<string> {
    const reader = this.#enter();
    const leave = (): void => this.#leave(reader);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    // Whoever has read this hears of every decision that is made from then on.
    yield '\n';
    while (this.#readers.has(reader)) {
      if (reader.unread.length === 0) {
        reader.news = new AbortController();
        await this.#options.clock.sleep(decisionHeartbeatMs, reader.news.signal);
      }
      const lines = reader.unread.splice(0);
      reader.characters = 0;
      yield lines.length === 0 ? '\n' : lines.join('');
    }
  }

  #enter(): Reader {
    const reader = { unread: [], characters: 0, news: new AbortController() };
    this.#readers.add(reader);
    this.#unsubscribe ??= this.#options.onDecision((decision) => this.#tell(decision));
    return reader;
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    reader.unread = [];
    reader.news.abort();
    if (this.#readers.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #tell(decision: Decision): void {
    const line = `${JSON.stringify(decision)}\n`;
    for (const reader of [...this.#readers]) {
      if (reader.characters + line.length > this.#maxUnread) {
        this.#options.log.warn({ component: 'engine' }, 'a reader of decisions is too slow');
        this.#leave(reader);
        continue;
      }
      reader.unread.push(line);
      reader.characters += line.length;
      reader.news.abort();
    }
  }
}
