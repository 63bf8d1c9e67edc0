import assert from 'node:assert/strict';
import type { Calendar, Range, Reservation } from '../../src/io/calendar/calendar.ts';
import { openCalendars } from '../../src/io/calendar/open-calendars.ts';
import { CallFailure } from '../../src/io/call-failure.ts';
import { systemClock } from '../../src/io/clock.ts';
import { startCaldavServer, type CaldavServer, type CaldavServerName } from './caldav-server.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';

export const tag = 'installation/default';
export const zone = 'Europe/Vienna';
export const hour = 3_600;

// Winter, so that the zone is one hour ahead of UTC throughout.
const monday = Date.UTC(2030, 0, 7) / 1_000;

/** A real server behind a fault proxy, and a day of its calendar that no other test uses. */
export interface CaldavWorld {
  server: CaldavServer;
  proxy: FaultProxy;
  /** Through the proxy. */
  calendar: Calendar;
  day: Range;
  nextDay(): void;
  /** The same calendar by another way, or with something else in its access. */
  through(url: string, changed?: { path?: string; password?: string }): Calendar;
  /** An hour of the day, in UTC. */
  slot(name: string, atHour?: number): Reservation;
  /** The instant of an hour as iCalendar has it. */
  utc(atHour: number): string;
  /** Of a person: an event with these lines. */
  theirs(name: string, ...lines: string[]): Promise<void>;
  /** What bears our tag this day, as `id from-to`, by hours. */
  held(calendar?: Calendar): Promise<string[]>;
  busyHours(): Promise<string[]>;
  hoursOf(range: Range): string;
  close(): Promise<void>;
}

export async function openCaldavWorld(
  name: CaldavServerName,
  command: string,
): Promise<CaldavWorld> {
  const server = await startCaldavServer(name, command);
  const proxy = await startFaultProxy(server.url, { seed: 5 });
  const egress = { allow: ['127.0.0.0/8'] };
  const calendars = openCalendars({ clock: systemClock, egress, maxAnswerBytes: 200_000 });
  const day = { start: monday, end: monday + 24 * hour };
  const dayNumber = (): number => (day.start - monday) / (24 * hour);

  const through: CaldavWorld['through'] = (url, changed = {}) => {
    const access = { ...server.credentials, path: server.path, ...changed };
    const { path, username, password } = access;
    return calendars.of({ kind: 'caldav', url: url + path, username, password, zone });
  };
  const calendar = through(proxy.url.replace(/\/$/, ''));
  const hoursOf = ({ start, end }: Range): string =>
    `${(start - day.start) / hour}-${(end - day.start) / hour}`;

  return {
    ...{ server, proxy, calendar, day, through, hoursOf },
    nextDay: () => {
      day.start += 24 * hour;
      day.end += 24 * hour;
    },
    slot: (id, atHour = 10) => {
      const start = day.start + atHour * hour;
      const key = { id: `${dayNumber()}-${id}:reserve`, tag };
      return { ...key, start, end: start + hour, summary: 'Consultation' };
    },
    utc: (atHour) => basic(day.start + atHour * hour),
    theirs: (id, ...lines) => {
      const uid = `${dayNumber()}-${id}`;
      return server.put(`${uid}.ics`, eventOfPeople(uid, lines));
    },
    held: async (of = calendar) => {
      const listed = await of.list({ tag, range: day }, within());
      return listed.map((one) => `${one.id} ${hoursOf(one)}`).sort();
    },
    busyHours: async () =>
      (await calendar.busy({ tag, range: day }, within())).intervals.map(hoursOf),
    close: async () => {
      await calendars.close();
      await proxy.close();
      await server.stop();
    },
  };
}

export function eventOfPeople(uid: string, lines: readonly string[]): string {
  const head = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//People//EN', 'BEGIN:VEVENT'];
  const event = [`UID:${uid}`, 'DTSTAMP:20300101T000000Z', ...lines, 'END:VEVENT'];
  return [...head, ...event, 'END:VCALENDAR', ''].join('\r\n');
}

/** A signal that ends a call which takes longer. */
export function within(ms = 20_000): AbortSignal {
  return AbortSignal.timeout(ms);
}

/** How a call failed, as `kind reason`; what it answered where it did not fail. */
export async function told(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    assert.ok(error instanceof CallFailure, String(error));
    return `${error.kind} ${error.message}`;
  }
}

function basic(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
}
