import { CallFailure } from '../../call-failure.ts';
import type { GuardedAnswer, GuardedHttp } from '../../egress/guarded-http.ts';
import type { CalendarAccess, Range } from '../calendar.ts';
import { answerFailure } from './answer-failure.ts';
import type { IcsReader, ReadObject } from './ics-reader.ts';

export interface StoredEvent extends ReadObject {
  /** The last part of its path; it lies in the collection itself. */
  name: string;
}

export interface FoundEvents {
  events: StoredEvent[];
  unreadable: number;
}

export interface Put {
  name: string;
  text: string;
  /** What it replaces, and only that; undefined: it must not exist. */
  over: StoredEvent | undefined;
}

// Servers place days and floating times in a zone of their own choice, radicale in UTC.
const zoneSeconds = 14 * 3_600;

/** The requests of RFC 4791 that are needed, to one collection; statuses become what they mean. */
export class CaldavCollection {
  readonly #url: URL;
  readonly #zone: string;
  readonly #http: GuardedHttp;
  readonly #reader: IcsReader;
  readonly #headers: Record<string, string>;

  constructor(access: CalendarAccess, parts: { http: GuardedHttp; reader: IcsReader }) {
    const { url = '', username, password, zone } = access;
    if (url === null || !URL.canParse(url)) throw new RangeError('not the URL of a calendar');
    this.#url = new URL(url);
    this.#url.hash = this.#url.search = '';
    if (!this.#url.pathname.endsWith('/')) this.#url.pathname += '/';
    this.#zone = zone;
    this.#http = parts.http;
    this.#reader = parts.reader;
    const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
    this.#headers = {
      'user-agent': 'Slotwright',
      ...(username !== null && { authorization: `Basic ${credentials}` }),
    };
  }

  /** The events that touch a range, of series as far as the server knows how they recur. */
  query(range: Range, signal: AbortSignal): Promise<FoundEvents> {
    return this.#report(timeRange(range), { range, signal });
  }

  /**
   * As `query`, and all series beside: some servers (xandikos) look at the first occurrence of one
   * alone. Costs the server a look at every event it has, so this is not for every call.
   */
  async queryWithSeries(range: Range, signal: AbortSignal): Promise<FoundEvents> {
    const [touching, series] = await Promise.all([
      this.query(range, signal),
      this.#report('<C:prop-filter name="RRULE"/>', { range, signal }),
    ]);
    const names = new Set(touching.events.map(({ name }) => name));
    return {
      events: [...touching.events, ...series.events.filter(({ name }) => !names.has(name))],
      unreadable: Math.max(touching.unreadable, series.unreadable),
    };
  }

  async #report(
    filter: string,
    { range, signal }: { range: Range; signal: AbortSignal },
  ): Promise<FoundEvents> {
    const answer = await this.#send('REPORT', this.#url, {
      headers: { depth: '1', 'content-type': 'application/xml; charset=utf-8' },
      body: calendarQuery(filter),
      signal,
    });
    if (answer.status !== 207) throw answerFailure('REPORT', answer);
    const options = { form: 'multistatus', body: answer.text, range, zone: this.#zone } as const;
    const { objects, unreadable } = await this.#reader.read(options, signal);
    // Servers may answer more than was asked for, and some give times only roughly.
    const near = ({ start, end, busy }: ReadObject): boolean =>
      busy.length > 0 || (start < range.end && end > range.start);
    return { events: objects.filter(near).flatMap((object) => this.#stored(object)), unreadable };
  }

  async get(name: string, signal: AbortSignal): Promise<StoredEvent | undefined> {
    const answer = await this.#send('GET', this.#hrefOf(name), { signal });
    if (answer.status === 404 || answer.status === 410) return undefined;
    if (answer.status !== 200) throw answerFailure('GET', answer);
    const range = { start: 0, end: 0 };
    const options = { form: 'object', body: answer.text, range, zone: this.#zone } as const;
    const [object] = (await this.#reader.read(options, signal)).objects;
    // A login page says nothing of what stands there: neither that it is ours nor that it is not.
    if (object === undefined) throw new CallFailure('failed', 'answer-unreadable');
    return { ...object, etag: answer.headers.etag ?? null, name };
  }

  /** False where the condition did not hold: it exists, or has changed meanwhile. */
  async put({ name, text, over }: Put, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#send('PUT', this.#hrefOf(name), {
      headers: {
        'content-type': 'text/calendar; charset=utf-8',
        ...(over === undefined ? { 'if-none-match': '*' } : condition(over)),
      },
      body: text,
      signal,
    });
    if (answer.status === 412) return false;
    if (![200, 201, 204].includes(answer.status)) throw answerFailure('PUT', answer);
    return true;
  }

  /** Whether it is gone now is for the caller to see: some servers answer before they do. */
  async delete(event: StoredEvent, signal: AbortSignal): Promise<void> {
    const href = this.#hrefOf(event.name);
    const answer = await this.#send('DELETE', href, { headers: condition(event), signal });
    const settled = [200, 202, 204, 404, 410, 412];
    if (!settled.includes(answer.status)) throw answerFailure('DELETE', answer);
  }

  #send(
    method: string,
    url: URL,
    {
      headers = {},
      ...rest
    }: { headers?: Record<string, string>; body?: string; signal: AbortSignal },
  ): Promise<GuardedAnswer> {
    return this.#http.send({ method, url, headers: { ...this.#headers, ...headers }, ...rest });
  }

  #hrefOf(name: string): URL {
    return new URL(encodeURIComponent(name), this.#url);
  }

  /** Nothing that a server names is followed to outside of the collection. */
  #stored(object: ReadObject): StoredEvent[] {
    if (!URL.canParse(object.href, this.#url.href)) return [];
    const { origin, pathname } = new URL(object.href, this.#url);
    const base = this.#url.pathname;
    if (origin !== this.#url.origin || !pathname.startsWith(base)) return [];
    return [{ ...object, name: decoded(pathname.slice(base.length)) }];
  }
}

function condition({ etag }: StoredEvent): Record<string, string> {
  // A server without entity tags cannot be asked to compare, and nothing is changed blindly there.
  if (etag === null) throw new CallFailure('refused', 'no-etag');
  return { 'if-match': etag };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function timeRange({ start, end }: Range): string {
  const [from, to] = [start - zoneSeconds, end + zoneSeconds].map(basic);
  return `<C:time-range start="${from}" end="${to}"/>`;
}

function calendarQuery(filter: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><D:getetag/><C:calendar-data/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
    ${filter}
  </C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>`;
}

/** `YYYYMMDDTHHMMSSZ`. */
function basic(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
}
