import { Worker } from 'node:worker_threads';
import { CallFailure } from '../../call-failure.ts';
import type { Clock } from '../../clock.ts';
import type { Range } from '../calendar.ts';
import type { IcsThreadAnswer, IcsThreadRequest } from './ics-thread.ts';

/** One resource of a collection, as far as anybody here wants to know it. */
export interface ReadObject {
  href: string;
  etag: string | null;
  /** Of our own properties; null where it has none. */
  tag: string | null;
  reservationId: string | null;
  sequence: number;
  /** Of the event itself, or the first of its series. */
  start: number;
  end: number;
  /** Its occurrences that touch the range and stand in the way, uncut. */
  busy: Range[];
}

export interface ReadOptions {
  form: 'multistatus' | 'object';
  body: string;
  range: Range;
  zone: string;
}

export interface ReadObjects {
  objects: ReadObject[];
  /** How many could not be read, or not in time. */
  unreadable: number;
}

// An event takes a fraction of a millisecond; there are rules of recurrence that never end.
const objectLimitMs = 500;
const maxStops = 2;

/**
 * Reads what calendar servers answer, in a thread: a rule of recurrence can keep the parser busy
 * for ever and a large answer for a second, and neither may hold up the bookings of this process. A
 * thread that does not get on with one object is ended, the object is given up, and another thread
 * goes on behind it. One answer is read at a time.
 */
export class IcsReader {
  readonly #clock: Clock;
  #thread: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws CallFailure `failed` where the answer as a whole is not what was asked for */
  read(options: ReadOptions, signal: AbortSignal): Promise<ReadObjects> {
    const reading = this.#turn.then(() => this.#read(options, signal));
    this.#turn = reading.catch(() => undefined);
    return reading;
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  async #read(options: ReadOptions, signal: AbortSignal): Promise<ReadObjects> {
    const objects: ReadObject[] = [];
    let unreadable = 0;
    let from = 0;
    for (let stops = 0; stops <= maxStops; stops += 1) {
      const ended = await this.#run({ ...options, from }, signal, (answer) => {
        from = answer.index + 1;
        if (answer.object === null) unreadable += 1;
        else objects.push(answer.object);
      });
      if (ended === 'done') return { objects, unreadable };
      if (ended === 'malformed') break;
      unreadable += 1;
      from += 1;
    }
    throw new CallFailure('failed', 'answer-unreadable');
  }

  /** Reads from an object on. `stuck`: it did not get on with the next one. */
  #run(
    request: IcsThreadRequest,
    signal: AbortSignal,
    take: (answer: IcsThreadAnswer & { kind: 'object' }) => void,
  ): Promise<'done' | 'malformed' | 'stuck'> {
    const thread = (this.#thread ??= this.#start());
    return new Promise((resolve, reject) => {
      let limit = new AbortController();
      const settle = (act: () => void): void => {
        limit.abort();
        signal.removeEventListener('abort', abort);
        thread.removeAllListeners('message').removeAllListeners('exit');
        act();
      };
      const drop = (): void => {
        if (this.#thread === thread) this.#thread = undefined;
        void thread.terminate();
      };
      const abort = (): void => {
        settle(() => reject(new CallFailure('failed', 'no-answer')));
        drop();
      };
      const watch = (): void => {
        limit.abort();
        const current = (limit = new AbortController());
        void this.#clock.sleep(objectLimitMs, current.signal).then(() => {
          if (current.signal.aborted) return;
          settle(() => resolve('stuck'));
          drop();
        });
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      // Out of memory ends the thread by itself.
      thread.on('exit', () => {
        if (this.#thread === thread) this.#thread = undefined;
        settle(() => resolve('stuck'));
      });
      thread.on('message', (answer: IcsThreadAnswer) => {
        if (answer.kind === 'object') take(answer);
        if (answer.kind === 'object' || answer.kind === 'begun') watch();
        else settle(() => resolve(answer.kind));
      });
      thread.postMessage(request);
    });
  }

  #start(): Worker {
    const thread = new Worker(new URL('./ics-thread.ts', import.meta.url), {
      ...{ execArgv: [], env: {} },
      resourceLimits: { maxOldGenerationSizeMb: 192 },
    });
    // What ended it is told by its exit.
    thread.on('error', () => undefined);
    thread.unref();
    return thread;
  }
}
