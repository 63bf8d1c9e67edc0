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
  /** Hours from the first full hour of the day after tomorrow. */
  hour: number;
  minutes?: number;
  resource?: number;
  key?: string;
}

export function createBody({ hour, minutes = 60, resource, key }: Booking): CreateBody {
  const day = Math.floor(Date.now() / (24 * hourMs)) * 24 * hourMs + 48 * hourMs;
  const start = day + hour * hourMs;
  const instant = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
  return {
    idempotency_key: key ?? randomUUID(),
    customer_id: randomUUID(),
    slot: { start_time: instant(start), end_time: instant(start + minutes * 60_000) },
    service_type: 'consultation',
    ...(resource !== undefined && { resource_id: `resource-${resource}` }),
  };
}

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
 * Clients that book, cancel what they booked, look at it, and come again with used keys, some of
 * them with other content. The choices follow from the seed; how they interleave does not.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const answers = new Map<number, number>();
  const count = ({ status }: Answer): void =>
    void answers.set(status, (answers.get(status) ?? 0) + 1);
  await Promise.all(
    Array.from({ length: options.clients }, (_, index) =>
      runClient({ ...options, random: seeded(options.seed * 7919 + index), count }),
    ),
  );
  return { answers };
}

type ClientRun = LoadOptions & { random: () => number; count: (answer: Answer) => void };

async function runClient(run: ClientRun): Promise<void> {
  const { client, random, count } = run;
  const booked: { id: string; body: CreateBody }[] = [];
  const any = (): (typeof booked)[number] | undefined =>
    booked[Math.floor(random() * booked.length)];
  for (let call = 0; call < run.callsEach && run.until?.() !== true; call++) {
    const dice = random();
    const earlier = dice < 0.3 ? any() : undefined;
    const wait = random() < 0.5 ? { wait: 10 } : {};
    if (earlier === undefined) {
      const resource = random() < 0.5 ? { resource: Math.floor(random() * run.resources) } : {};
      const body = createBody({ hour: Math.floor(random() * run.hours), ...resource });
      const answer = await client.create(body, wait);
      const id = answer.body['id'];
      if (typeof id === 'string') booked.push({ id, body });
      count(answer);
    } else if (dice < 0.12) {
      count(await client.cancel(earlier.id, randomUUID(), wait));
    } else if (dice < 0.18) {
      count(await client.appointment(earlier.id));
    } else if (dice < 0.25) {
      count(await client.create(earlier.body, wait));
    } else {
      count(await client.create({ ...earlier.body, metadata: { other: call } }, wait));
    }
  }
}

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
