import { startCaldavServer } from './caldav-server.ts';
import type { CalendarEvent } from './checker/calendar-event.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';

/** A real CalDAV server with calendars of several people, behind a fault proxy. */
export interface Calendars {
  /** The way that the service takes. */
  proxy: FaultProxy;
  /** Makes an empty calendar; answers the member `calendar` of its resource. */
  add(name: string, by?: FaultProxy): Promise<CalendarMember>;
  /** A second way, on which other things go wrong. */
  otherWay(seed: number): Promise<FaultProxy>;
  /** What stands there now, seen without the service's help. */
  events(name: string): Promise<CalendarEvent[]>;
  /** Of all calendars. */
  allEvents(): Promise<CalendarEvent[]>;
  /** An event of somebody else, with these lines. */
  enter(name: string, uid: string, ...lines: string[]): Promise<void>;
  close(): Promise<void>;
}

export interface CalendarMember {
  kind: 'caldav';
  url: string;
  username: string;
  password: string;
}

export async function startCalendars(command: string): Promise<Calendars> {
  const server = await startCaldavServer('radicale', command);
  const proxy = await startFaultProxy(server.url, { seed: 7 });
  const ways = [proxy];
  const names = new Set<string>();
  const { username, password } = server.credentials;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const pathOf = (name: string): string => `/${username}/${name}/`;
  const ask = async (path: string, method: string, body?: string): Promise<string> => {
    const headers = { authorization, ...(body && { 'content-type': 'text/calendar' }) };
    const init = { method, headers, ...(body !== undefined && { body }) };
    const answer = await fetch(new URL(path, server.url), init);
    if (!answer.ok) throw new Error(`${method} ${path} answers ${answer.status}`);
    return answer.text();
  };
  const events = async (name: string): Promise<CalendarEvent[]> =>
    eventsIn(await ask(pathOf(name), 'GET'), name);
  return {
    ...{ proxy, events },
    add: async (name, by = proxy) => {
      await ask(pathOf(name), 'MKCALENDAR');
      names.add(name);
      return { kind: 'caldav', url: new URL(pathOf(name), by.url).href, username, password };
    },
    otherWay: async (seed) => {
      const way = await startFaultProxy(server.url, { seed });
      ways.push(way);
      return way;
    },
    allEvents: async () => (await Promise.all([...names].map(events))).flat(),
    enter: async (name, uid, ...lines) => {
      const head = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//People//EN', 'BEGIN:VEVENT'];
      const event = [`UID:${uid}`, 'DTSTAMP:20300101T000000Z', ...lines, 'END:VEVENT'];
      const text = [...head, ...event, 'END:VCALENDAR', ''].join('\r\n');
      await ask(`${pathOf(name)}${uid}.ics`, 'PUT', text);
    },
    close: async () => {
      for (const way of ways) await way.close();
      await server.stop();
    },
  };
}

/** `20300107T100000Z` for `2030-01-07T10:00:00Z`. */
export function compact(instant: string): string {
  return instant.replaceAll(/[-:]/g, '');
}

function eventsIn(text: string, calendar: string): CalendarEvent[] {
  // Lines may be folded: what follows a break and a blank belongs to the line before.
  const unfolded = text.replaceAll(/\r?\n[ \t]/g, '');
  return unfolded
    .split('BEGIN:VEVENT')
    .slice(1)
    .map((event) => ({
      calendar,
      id: memberOf(event, 'X-SLOTWRIGHT-ID'),
      start_s: secondsOf(memberOf(event, 'DTSTART')),
      end_s: secondsOf(memberOf(event, 'DTEND')),
    }));
}

function memberOf(event: string, name: string): string | null {
  return new RegExp(`^${name}[^:\\n]*:(.*?)\\r?$`, 'm').exec(event)?.[1] ?? null;
}

function secondsOf(utc: string | null): number {
  const [, day = '', time = ''] = /^(\d{8})T(\d{6})Z$/.exec(utc ?? '') ?? [];
  const date = day.replace(/(....)(..)(..)/, '$1-$2-$3');
  return Date.parse(`${date}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`) / 1_000;
}
