import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Answer, Client, CreateBody } from './client.ts';

const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const hourMs = 3_600_000;

export interface CatalogueShape {
  resources: number;
  capacity?: number;
  bufferAfterMinutes?: number;
}

/** One place and `resources` people (`resource-0`, …) who are there at all hours. */
export async function putCatalogue(client: Client, shape: CatalogueShape): Promise<void> {
  const made = await client.put('/v1/locations/here', { name: 'Here', time_zone: 'UTC' });
  assert.ok(made.status < 300, JSON.stringify(made));
  for (let index = 0; index < shape.resources; index++) {
    const put = await client.put(`/v1/resources/resource-${index}`, {
      name: `Resource ${index}`,
      service_types: ['consultation'],
      locations: ['here'],
      time_zone: 'UTC',
      working_hours: [{ days: everyDay, start: '00:00', end: '24:00' }],
      capacity: shape.capacity ?? 1,
      buffer_after_minutes: shape.bufferAfterMinutes ?? 0,
    });
    assert.ok(put.status < 300, JSON.stringify(put));
  }
}

export interface Booking {
  /** As of `slotAt`. */
  hour: number;
  minutes?: number;
  resource?: number;
  key?: string;
}

/** The slot that begins so many hours from the first full hour of the day after tomorrow. */
export function slotAt(hour: number, minutes = 60): CreateBody['slot'] {
  const day = Math.floor(Date.now() / (24 * hourMs)) * 24 * hourMs + 48 * hourMs;
  const start = day + hour * hourMs;
  const instant = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
  return { start_time: instant(start), end_time: instant(start + minutes * 60_000) };
}

export function createBody({ hour, minutes, resource, key }: Booking): CreateBody {
  return {
    idempotency_key: key ?? randomUUID(),
    customer_id: randomUUID(),
    slot: slotAt(hour, minutes),
    service_type: 'consultation',
    ...(resource !== undefined && { resource_id: `resource-${resource}` }),
  };
}

const steps = {
  create: 30,
  again: 10,
  reuse: 6,
  look: 6,
  reschedule: 22,
  describe: 6,
  cancel: 12,
  start: 6,
  complete: 4,
};

type Step = keyof typeof steps;

export interface LoadOptions {
  client: Client;
  clients: number;
  /** Calls per client, unless `until` says to stop before. */
  callsEach: number;
  seed: number;
  resources: number;
  /** Slots that the clients quarrel about, in hours. */
  hours: number;
  until?: () => boolean;
}

export interface LoadReport {
  answers: Map<number, number>;
}

/**
 * Clients that book, move, describe, begin and end what any of them booked, look at it, and come
 * again with used keys, some of them with other content. The choices follow from the seed; how
 * they interleave, and so whose appointment is met, does not.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const answers = new Map<number, number>();
  const booked: Booked[] = [];
  const count = ({ status }: Answer): void =>
    void answers.set(status, (answers.get(status) ?? 0) + 1);
  await Promise.all(
    Array.from({ length: options.clients }, (_, index) =>
      runClient({ ...options, booked, random: seeded(options.seed * 7919 + index), count }),
    ),
  );
  return { answers };
}

interface Booked {
  id: string;
  /** As it was last told. */
  version: number;
  body: CreateBody;
  hasStarted: boolean;
}

type ClientRun = LoadOptions & {
  booked: Booked[];
  random: () => number;
  count: (answer: Answer) => void;
};

type Send = () => Promise<Answer>;

async function runClient(run: ClientRun): Promise<void> {
  const { random, booked, count } = run;
  const sent: Send[] = [];
  for (let call = 0; call < run.callsEach && run.until?.() !== true; call++) {
    const step = anyStep(random());
    if (step === 'create') {
      const body = anyBooking(run);
      const send: Send = () => run.client.create(body, anyWait(random));
      for (const answer of await once(send, random)) {
        const id = answer.body['id'];
        if (typeof id === 'string' && !booked.some((other) => other.id === id)) {
          booked.push({ id, version: Number(answer.body['version']), body, hasStarted: false });
        }
        count(answer);
      }
      sent.push(send);
      continue;
    }
    const earlier = anyOf(step === 'complete' ? completable(booked) : booked, random);
    const used = anyOf(sent, random);
    if (earlier === undefined || used === undefined) continue;
    const send = step === 'again' ? used : request(run, step, earlier);
    const answers = await once(send, random);
    for (const answer of answers) {
      if (answer.body['id'] === earlier.id) earlier.version = Number(answer.body['version']);
      if (step === 'start' && answer.status < 300) earlier.hasStarted = true;
      count(answer);
    }
    if (step !== 'look' && step !== 'reuse' && step !== 'again') sent.push(send);
    // Most of what has ended is left alone, or soon nothing else would be met.
    const isEnding = step === 'cancel' || step === 'complete';
    const ends = answers.some((one) => (isEnding && one.status < 300) || tellsOfTheEnd(one));
    if (ends && random() < 0.8 && booked.includes(earlier)) {
      booked.splice(booked.indexOf(earlier), 1);
    }
  }
}

/** What the step sends about the appointment; each sending is the same request. */
function request(run: ClientRun, step: Exclude<Step, 'create' | 'again'>, earlier: Booked): Send {
  const { client, random } = run;
  const { id, body } = earlier;
  const key = randomUUID();
  const match = { 'if-match': `"${earlier.version}"` };
  const options = { ...anyWait(random), ...(random() < 0.2 && { headers: match }) };
  const metadata = { note: Math.floor(random() * 1_000) };
  switch (step) {
    case 'look':
      return () => client.appointment(id);
    case 'reuse':
      return () => client.create({ ...body, metadata: { other: key } }, options);
    case 'reschedule': {
      const { slot } = anyBooking(run);
      const change = { slot, ...(random() < 0.2 && { metadata }) };
      return () => client.update(id, { idempotency_key: key, ...change }, options);
    }
    case 'describe':
      return () => client.update(id, { idempotency_key: key, metadata }, options);
    case 'cancel':
      return () => client.cancel(id, key, options);
    case 'start':
      return () => client.start(id, key, options);
    case 'complete':
      return () => client.complete(id, key, options);
  }
}

/** Whether the appointment was found in a state that allows nothing. */
function tellsOfTheEnd({ body: { allowed, state } }: Answer): boolean {
  if (Array.isArray(allowed)) return allowed.length === 0;
  return ['FAILED', 'CANCELLED', 'COMPLETED'].includes(String(state));
}

/** Those that have started, as long as there are any. */
function completable(booked: Booked[]): Booked[] {
  const started = booked.filter(({ hasStarted }) => hasStarted);
  return started.length > 0 ? started : booked;
}

function anyOf<T>(all: readonly T[], random: () => number): T | undefined {
  return all[Math.floor(random() * all.length)];
}

/** Now and then twice at the same time. */
function once(send: Send, random: () => number): Promise<Answer[]> {
  return Promise.all(random() < 0.05 ? [send(), send()] : [send()]);
}

function anyBooking({ random, hours, resources }: ClientRun): CreateBody {
  const resource = random() < 0.5 ? { resource: Math.floor(random() * resources) } : {};
  return createBody({ hour: Math.floor(random() * hours), ...resource });
}

function anyWait(random: () => number): { wait?: number } {
  return random() < 0.5 ? { wait: 10 } : {};
}

function anyStep(share: number): Step {
  const all = Object.entries(steps) as [Step, number][];
  let left = share * all.reduce((sum, [, weight]) => sum + weight, 0);
  return all.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'create';
}

/** mulberry32: small, and the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
