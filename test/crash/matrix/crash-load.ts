import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Client, CreateBody } from '../../support/client.ts';
import { createBody, putCatalogue, seeded, slotAt } from '../../support/load.ts';
import { putRegions, type Absences } from '../../support/region-load.ts';
import { bookInCalendars } from './crash-calendars.ts';

const regions = ['a', 'b', 'c'];
/** One in each region: whichever an engine owns, the one who travels comes by. */
const tour = [...regions.map((region) => `at-${region}`), 'here'];
/** Those that are told by mail what becomes of their bookings. */
const reachable = Array.from({ length: 4 }, () => randomUUID());
/** One of them. */
export const someCustomer = reachable[0] ?? '';
const resources = 4;
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const traveller = 'rover';
/** As many as one page of a list shows. */
const mostAbsences = 150;
/** Bookings come so many hours apart, and new ones later and later: there is always room. */
const hoursAtOnce = 10;
const createsPerHour = 8;

/** Four regions with people, one of whom travels, and customers with an address. */
export async function putCrashCatalogue(client: Client): Promise<void> {
  await putCatalogue(client, { resources, bufferAfterMinutes: 10 });
  await putRegions(client);
  for (const [index, id] of reachable.entries()) {
    const about = { name: `Customer ${index}`, email: `customer-${index}@example.org` };
    ok(await client.put(`/v1/customers/${id}`, about));
  }
}

export interface CrashLoad {
  /** Ends when every call that has begun was answered; throws what went wrong in any. */
  stop(): Promise<void>;
}

/** What all loads of an installation have asked for so far. */
export interface CrashPast {
  creates: number;
  /** Of the one who travels, by id, with their hours. */
  absences: Absences;
  nextAbsence: number;
  calendarDays: number;
}

export interface CrashLoadOptions {
  client: Client;
  seed: number;
  /** How many clients book at a time. */
  bookers: number;
  /** Whether there are people with calendars. */
  hasCalendars: boolean;
  past: CrashPast;
}

interface Run {
  client: Client;
  random: () => number;
  booked: Booked[];
  sent: (() => Promise<Answer>)[];
  past: CrashPast;
  isOver: () => boolean;
}

interface Booked {
  id: string;
  body: CreateBody;
}

/**
 * Clients that book, move, cancel, begin and end, come again with used keys and with other content
 * under them, while somebody is sent to and fro between regions and goes absent. All retry.
 */
export function startCrashLoad(options: CrashLoadOptions): CrashLoad {
  const { client, seed, bookers, past, hasCalendars } = options;
  let over = false;
  const shared = { client, past, booked: [], sent: [], isOver: () => over };
  const actors = [...Array<typeof book>(bookers).fill(book), travel, beAbsent, beAbsent];
  if (hasCalendars) actors.push(bookInCalendars);
  const running = Promise.all(
    actors.map((act, index) => act({ ...shared, random: seeded(seed * 7919 + index) })),
  );
  // Who stops the load hears of it.
  running.catch(() => (over = true));
  return {
    stop: async () => {
      over = true;
      await running;
    },
  };
}

async function book(run: Run): Promise<void> {
  const { client, random, booked, sent } = run;
  while (!run.isOver()) {
    const step = random();
    const earlier = anyOf(booked, random);
    if (step < 0.45 || earlier === undefined) await create(run);
    else if (step < 0.53) await anyOf(sent, random)?.();
    else if (step < 0.57) {
      await client.create({ ...earlier.body, metadata: { other: randomUUID() } }, anyWait(random));
    } else if (step < 0.8) await change(run, earlier);
    else if (step < 0.97) await end(run, earlier, step);
    else await client.appointment(earlier.id);
    await sleep(10 + random() * 60);
  }
}

async function create({ client, random, booked, sent, past }: Run): Promise<void> {
  past.creates += 1;
  const wanted = createBody({ hour: anyHour(random, past.creates) });
  const customer = random() < 0.4 ? { customer_id: anyOf(reachable, random) ?? '' } : {};
  const body = { ...wanted, ...customer, ...anyPlace(random) };
  const wait = anyWait(random);
  const send = (): Promise<Answer> => client.create(body, wait);
  const answer = await send();
  const id = answer.body['id'];
  if (typeof id === 'string') booked.push({ id, body });
  remember(sent, send);
  if (booked.length > 60) booked.shift();
}

/** Another time, another place, or both. */
async function change(run: Run, { id }: Booked): Promise<void> {
  const { client, random, sent, past } = run;
  const slot = slotAt(anyHour(random, past.creates));
  const location = `at-${anyOf(regions, random)}`;
  const what = random();
  const body = {
    idempotency_key: randomUUID(),
    ...(what < 0.7 && { slot }),
    ...(what > 0.4 && { location }),
  };
  const wait = anyWait(random);
  const send = (): Promise<Answer> => client.update(id, body, wait);
  await send();
  remember(sent, send);
}

async function end(run: Run, earlier: Booked, step: number): Promise<void> {
  const { client, random, booked, sent } = run;
  const key = randomUUID();
  const wait = anyWait(random);
  const send = (): Promise<Answer> => {
    if (step < 0.9) return client.cancel(earlier.id, key, wait);
    return step < 0.94
      ? client.start(earlier.id, key, wait)
      : client.complete(earlier.id, key, wait);
  };
  await send();
  remember(sent, send);
  // Most of what has ended is left alone, or soon nothing else would be met.
  if (random() < 0.8) booked.splice(0, booked.length, ...booked.filter((one) => one !== earlier));
}

async function travel({ client, random, isOver }: Run): Promise<void> {
  for (let move = 1; !isOver(); move += 1) {
    ok(
      await client.put(`/v1/resources/${traveller}`, {
        ...{ name: traveller, service_types: ['pickup'], time_zone: 'UTC' },
        locations: [tour[move % tour.length]],
        working_hours: [{ days, start: '00:00', end: '24:00' }],
      }),
    );
    await sleep(100 + random() * 200);
  }
}

async function beAbsent({ client, random, past, isOver }: Run): Promise<void> {
  const { kept, removed } = past.absences;
  const path = `/v1/resources/${traveller}/absences`;
  while (!isOver()) {
    const hour = past.nextAbsence++;
    const added = await client.post(path, { idempotency_key: randomUUID(), ...slotAt(hour) });
    ok(added);
    const id = String(added.body['id']);
    const stays = kept.size < mostAbsences && random() < 0.2;
    if (!stays) ok(await client.delete(`${path}/${id}`));
    (stays ? kept : removed).set(id, hour);
    await sleep(100 + random() * 200);
  }
}

function remember(sent: (() => Promise<Answer>)[], send: () => Promise<Answer>): void {
  sent.push(send);
  if (sent.length > 60) sent.shift();
}

function anyHour(random: () => number, creates: number): number {
  return Math.floor(creates / createsPerHour) + Math.floor(random() * hoursAtOnce);
}

function anyPlace(random: () => number): Partial<CreateBody> {
  const place = random();
  if (place < 0.45) return { location: `at-${anyOf(regions, random)}` };
  if (place < 0.6) return { location: 'here' };
  return place < 0.7 ? { resource_id: `resource-${Math.floor(random() * resources)}` } : {};
}

function anyOf<T>(all: readonly T[], random: () => number): T | undefined {
  return all[Math.floor(random() * all.length)];
}

function anyWait(random: () => number): { wait?: number } {
  return random() < 0.5 ? { wait: 3 } : {};
}

/** A change of the catalogue that was applied, though perhaps by an earlier try. */
function ok({ status, body }: Answer): void {
  assert.ok(status < 300, JSON.stringify(body));
}
