import { startCaldavServer, type CaldavServer } from './caldav-server.ts';
import { openContractService, person, type ContractService } from './contract-service.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';

/** The service, with people who each have a calendar of their own on a real server. */
export interface CalendarWorld {
  contract: ContractService;
  server: CaldavServer;
  /** Between the service and the calendars. */
  proxy: FaultProxy;
  /** Gives a resource a calendar on the server, empty at first. */
  addCalendar(resource: string, changes?: object): Promise<void>;
  /** What stands in a resource's calendar: summary, start and end, by start. */
  eventsOf(resource: string): Promise<string[]>;
  /** Somebody else's event in it. */
  occupy(resource: string, slot: { start_time: string; end_time: string }): Promise<void>;
  close(): Promise<void>;
}

const user = 'user';

export async function calendarWorld(
  command: string,
  { env = {} }: { env?: Record<string, string> } = {},
): Promise<CalendarWorld> {
  const server = await startCaldavServer('radicale', command);
  const proxy = await startFaultProxy(server.url);
  const contract = await openContractService(0, { EGRESS_ALLOW: '127.0.0.0/8', ...env });
  const { username, password } = server.credentials;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const pathOf = (resource: string): string => `/${user}/${resource}/`;
  const ask = (path: string, init: RequestInit): Promise<Response> =>
    fetch(new URL(path, server.url), { ...init, headers: { authorization, ...init.headers } });

  return {
    contract,
    server,
    proxy,
    addCalendar: async (resource, changes = {}) => {
      await ask(pathOf(resource), { method: 'MKCALENDAR' });
      const url = new URL(pathOf(resource), proxy.url).href;
      const calendar = { kind: 'caldav', url, username, password, ...changes };
      await contract.put(`/v1/resources/${resource}`, person({ name: resource, calendar }));
    },
    eventsOf: async (resource) => {
      const text = await (await ask(pathOf(resource), { method: 'GET' })).text();
      const events = text.split('BEGIN:VEVENT').slice(1);
      const member = (event: string, name: string): string =>
        new RegExp(`^${name}[^:\\n]*:(.*?)\\r?$`, 'm').exec(event)?.[1] ?? '';
      return events
        .map((event) => ['DTSTART', 'DTEND'].map((name) => member(event, name)).join('/'))
        .sort();
    },
    occupy: async (resource, slot) => {
      const uid = `dentist-${slot.start_time.replaceAll(/\W/g, '')}`;
      const lines = [
        ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//test//EN', 'BEGIN:VEVENT'],
        ...[`UID:${uid}`, 'DTSTAMP:20260101T000000Z', 'SUMMARY:Dentist'],
        ...[`DTSTART:${compact(slot.start_time)}`, `DTEND:${compact(slot.end_time)}`],
        ...['END:VEVENT', 'END:VCALENDAR', ''],
      ];
      const headers = { 'content-type': 'text/calendar' };
      const body = lines.join('\r\n');
      await ask(`${pathOf(resource)}${uid}.ics`, { method: 'PUT', headers, body });
    },
    close: async () => {
      await contract.close();
      await proxy.close();
      await server.stop();
    },
  };
}

/** `20300107T100000Z` for `2030-01-07T10:00:00Z`. */
export function compact(instant: unknown): string {
  return String(instant).replaceAll(/[-:]/g, '');
}
