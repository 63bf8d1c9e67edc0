/**
 * Server-sent events (WHATWG HTML, 9.2). A stream reads a page of the log, hands it over and reads
 * on once the client has taken it; at the end of the log it waits for growth, and says now and then
 * that it lives. Each event's id is the cursor after it, so that `Last-Event-ID` resumes exactly.
 *
 * A stream ends when the client goes, the edge drains, the database is lost or its time is over:
 * the client's reconnection is then authorised anew.
 */
import { Problem, unavailable } from '../contract/problem.ts';
import type { Principal } from '../contract/principal.ts';
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { TenantReads } from '../io/tenant-reads.ts';
import { eventCursor } from './event-cursor.ts';
import { readEventPage, type EventPage } from './event-page.ts';
import type { EventTail } from './event-tail.ts';

export interface EventStreamsOptions {
  reads: TenantReads;
  clock: Clock;
  log: Log;
  tail: EventTail;
  limits: {
    maxStreams: number;
    maxStreamsEach: number;
    streamHeartbeatMs: number;
    streamLifetimeMs: number;
  };
}

interface Reader {
  tenantId: string;
  positions: readonly number[];
  limit: number;
}

export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #open = new Map<string, number>();
  #count = 0;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  /** Throws where this caller, or all callers together, have as many streams as they may. */
  open(
    { tenantId, actor }: Principal,
    from: Omit<Reader, 'tenantId'>,
  ): (signal: AbortSignal) => AsyncIterable<string> {
    const { maxStreams, maxStreamsEach } = this.#options.limits;
    const owner = `${tenantId} ${actor}`;
    if ((this.#open.get(owner) ?? 0) >= maxStreamsEach) {
      throw new Problem('rate-limited', `at most ${maxStreamsEach} streams at a time`, {
        headers: {
          'retry-after': '5',
          ratelimit: '"streams";r=0;t=5',
          'ratelimit-policy': `"streams";q=${maxStreamsEach}`,
        },
      });
    }
    if (this.#count >= maxStreams) throw unavailable('too many streams are open', 5);
    return (signal) => {
      if (!signal.aborted) this.#enter(owner, signal);
      return this.#events({ tenantId, ...from }, signal);
    };
  }

  /** The signal is aborted when the stream is over, for whatever reason. */
  #enter(owner: string, signal: AbortSignal): void {
    this.#count += 1;
    this.#open.set(owner, (this.#open.get(owner) ?? 0) + 1);
    const leave = (): void => {
      this.#count -= 1;
      const left = (this.#open.get(owner) ?? 1) - 1;
      if (left === 0) this.#open.delete(owner);
      else this.#open.set(owner, left);
    };
    signal.addEventListener('abort', leave, { once: true });
  }

  async *#events(reader: Reader, signal: AbortSignal): AsyncGenerator<string> {
    const { clock, tail, limits } = this.#options;
    const endMs = clock.monotonicMs() + limits.streamLifetimeMs;
    // Sends the headers on their way though there may be nothing to tell yet.
    yield 'retry: 1000\n\n';
    let sentMs = clock.monotonicMs();
    let { positions } = reader;
    while (!signal.aborted && clock.monotonicMs() < endMs) {
      const mark = tail.mark();
      const page = await this.#read({ ...reader, positions });
      if (page === undefined) return;
      positions = page.positions;
      if (page.events.length > 0) {
        yield page.events.map(written).join('');
        sentMs = clock.monotonicMs();
      }
      if (page.more) continue;
      const dueMs = sentMs + limits.streamHeartbeatMs;
      await tail.grown(mark, Math.max(0, dueMs - clock.monotonicMs()), signal);
      if (clock.monotonicMs() >= dueMs) {
        yield ': keep-alive\n\n';
        sentMs = clock.monotonicMs();
      }
    }
  }

  async #read(reader: Reader): Promise<EventPage | undefined> {
    try {
      return await readEventPage(this.#options.reads.of(reader.tenantId), reader);
    } catch (error) {
      this.#options.log.warn({ component: 'api', err: error }, 'a stream of events ends');
      return undefined;
    }
  }
}

function written({ text, positions }: EventPage['events'][number]): string {
  return `id: ${eventCursor.write(positions)}\ndata: ${text}\n\n`;
}
