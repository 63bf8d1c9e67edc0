import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { compact, startCalendars, type Calendars } from '../../support/calendars.ts';
import type { Client } from '../../support/client.ts';
import type { FaultShare } from '../../support/fault-proxy.ts';
import { createBody, slotAt } from '../../support/load.ts';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** Open for this hour of each day, which one booking fills: who is asked first follows the id. */
const openingHour = 10;

/** Who works where: a calendar is `fine`, always `busy`, or takes what it then does not tell. */
const places: Record<string, Record<string, 'fine' | 'busy' | 'deaf'>> = {
  'cal-fine': { 'fine-1': 'fine' },
  'cal-other': { 'other-1': 'fine' },
  'cal-busy': { 'busy-1': 'busy', 'ready-1': 'fine' },
  'cal-deaf': { 'deaf-1': 'deaf' },
  'cal-last': { 'busy-2': 'busy', 'deaf-2': 'deaf' },
};

const unavailable = 'HTTP/1.1 503 Not now\r\ncontent-length: 0\r\n\r\n';
const deafness: FaultShare[] = [
  { fault: { kind: 'answer-dropped', then: 'reset' }, only: /^PUT/ },
  { fault: { kind: 'answered', with: unavailable }, only: /^REPORT/, probability: 0.6 },
];

/** A deaf calendar is soon given up; the breaker stays closed for the others. */
export const calendarPolicy = 'caldav.max_attempts=3,caldav.failure_percent=95';

/** Calendars on a real server, and people whose bookings stand in them. */
export async function openCrashCalendars(client: Client, command: string): Promise<Calendars> {
  const calendars = await startCalendars(command);
  const deafWay = await calendars.otherWay(11);
  deafWay.use(...deafness);
  ok(await client.put('/v1/service-types/visit', { name: 'Visit' }));
  for (const [place, people] of Object.entries(places)) {
    ok(await client.put(`/v1/locations/${place}`, { name: place, time_zone: 'UTC' }));
    for (const [id, kind] of Object.entries(people)) {
      const calendar = await calendars.add(id, kind === 'deaf' ? deafWay : undefined);
      if (kind === 'busy') await busyEveryDay(calendars, id);
      ok(
        await client.put(`/v1/resources/${id}`, {
          ...{ name: id, service_types: ['visit'], locations: [place], time_zone: 'UTC', calendar },
          working_hours: [{ days, start: `${openingHour}:00`, end: `${openingHour + 1}:00` }],
        }),
      );
    }
  }
  return calendars;
}

async function busyEveryDay(calendars: Calendars, name: string): Promise<void> {
  const { start_time, end_time } = slotAt(openingHour, 15);
  await calendars.enter(
    ...([name, 'meeting', `DTSTART:${compact(start_time)}`] as const),
    ...[`DTEND:${compact(end_time)}`, 'RRULE:FREQ=DAILY'],
  );
}

export interface CalendarRun {
  client: Client;
  /** Days that were booked so far, each by one round. */
  past: { calendarDays: number };
  isOver: () => boolean;
}

/**
 * Bookings that go every way there is with a calendar: moved, cancelled, refused and given to
 * another, given up, and given up after a move or a refusal.
 */
export async function bookInCalendars({ client, past, isOver }: CalendarRun): Promise<void> {
  while (!isOver()) {
    const hour = 24 * past.calendarDays++ + openingHour;
    const moved = await book(client, 'cal-fine', hour);
    const doomed = await book(client, 'cal-fine', hour + 24);
    past.calendarDays++;
    for (const place of ['cal-busy', 'cal-deaf', 'cal-last']) await book(client, place, hour);
    await confirmed(client, [moved, doomed], isOver);
    await move(client, moved, 'cal-other');
    await move(client, doomed, 'cal-deaf');
    await confirmed(client, [moved], isOver);
    await client.cancel(moved, randomUUID());
    await sleep(100);
  }
}

async function book(client: Client, location: string, hour: number): Promise<string> {
  const body = { ...createBody({ hour }), service_type: 'visit', location };
  const answer = await client.create(body, { wait: 3 });
  ok(answer);
  return String(answer.body['id']);
}

async function move(client: Client, id: string, location: string): Promise<void> {
  await client.update(id, { idempotency_key: randomUUID(), location });
}

/** For a while: a point may be on their way at which everything stands still. */
async function confirmed(client: Client, ids: string[], isOver: () => boolean): Promise<void> {
  for (let tries = 0; tries < 50 && !isOver(); tries += 1) {
    const answers = await Promise.all(ids.map((id) => client.appointment(id)));
    if (answers.every(({ body }) => body['state'] === 'CONFIRMED')) return;
    await sleep(100);
  }
}

function ok({ status, body }: { status: number; body: unknown }): void {
  assert.ok(status < 300, JSON.stringify(body));
}
