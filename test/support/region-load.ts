import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Answer, Client } from './client.ts';
import { createBody, seeded, slotAt } from './load.ts';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const regions = ['a', 'b', 'c'];
const travelling = 'rover';

/** Three regions with a location and two people each, and one more who changes between two. */
export async function putRegions(client: Client): Promise<void> {
  for (const region of regions) {
    const place = { name: region, time_zone: 'UTC', region };
    done(await client.put(`/v1/locations/at-${region}`, place));
    for (const n of [0, 1]) await putPerson(client, { id: `${region}-${n}`, region });
  }
  await putPerson(client, { id: travelling, region: 'a', service: 'pickup' });
}

async function putPerson(
  client: Client,
  { id, region, service = 'consultation' }: { id: string; region: string; service?: string },
): Promise<void> {
  const working_hours = [{ days, start: '00:00', end: '24:00' }];
  const about = { name: id, service_types: [service], locations: [`at-${region}`] };
  done(await client.put(`/v1/resources/${id}`, { ...about, time_zone: 'UTC', working_hours }));
}

function done(answer: Answer): void {
  assert.ok(answer.status < 300, JSON.stringify(answer));
}

export interface RegionLoad {
  client: Client;
  clients: number;
  callsEach: number;
  seed: number;
  /** Slots that the clients quarrel about, in hours: few, so that regions are full. */
  hours: number;
}

/** What the service must know of the absences of the one who travels, by hour. */
export interface Absences {
  kept: Map<string, number>;
  removed: Map<string, number>;
}

/**
 * Clients that book wherever there is room, and move what they have booked between regions, while
 * operators move somebody to and fro and add and remove absences of his wherever he is.
 */
export async function runRegionLoad(load: RegionLoad): Promise<Absences> {
  const absences: Absences = { kept: new Map(), removed: new Map() };
  const booked: string[] = [];
  let over = false;
  const operators = [
    travel(load.client, () => over),
    ...[0, 1, 2].map((n) =>
      enterAbsences(load.client, { absences, firstHour: n, isOver: () => over }),
    ),
  ];
  const clients = Array.from({ length: load.clients }, (_, index) =>
    runClient(load, { booked, random: seeded(load.seed * 7919 + index) }),
  );
  await Promise.all(clients).finally(() => (over = true));
  await Promise.all(operators);
  return absences;
}

async function travel(client: Client, isOver: () => boolean): Promise<void> {
  for (let move = 1; !isOver(); move += 1) {
    const region = move % 2 === 0 ? 'a' : 'b';
    await putPerson(client, { id: travelling, region, service: 'pickup' });
  }
}

const absencesPath = `/v1/resources/${travelling}/absences`;
const entering = 3;
/** Beyond this nobody enters absences: each is one hour, and all are asked for in the end. */
const absentHours = 240;

async function enterAbsences(
  client: Client,
  of: { absences: Absences; firstHour: number; isOver: () => boolean },
): Promise<void> {
  for (let hour = of.firstHour; hour < absentHours && !of.isOver(); hour += entering) {
    const body = { idempotency_key: randomUUID(), ...slotAt(hour) };
    const added = await client.post(absencesPath, body);
    done(added);
    const id = String(added.body['id']);
    const removes = hour % 2 === 0;
    if (removes) done(await client.delete(`${absencesPath}/${id}`));
    of.absences[removes ? 'removed' : 'kept'].set(id, hour);
  }
}

async function runClient(
  { client, callsEach, hours }: RegionLoad,
  { booked, random }: { booked: string[]; random: () => number },
): Promise<void> {
  const any = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const place = () => `at-${any(regions)}`;
  for (let call = 0; call < callsEach; call += 1) {
    const wait = random() < 0.5 ? { wait: 10 } : {};
    const step = random();
    const body = createBody({ hour: Math.floor(random() * hours) });
    const key = { idempotency_key: body.idempotency_key };
    const id = any(booked);
    if (step < 0.5 || id === undefined) {
      const asked = random() < 0.7 ? body : { ...body, location: place() };
      const { body: made } = await client.create(asked, wait);
      if (typeof made['id'] === 'string') booked.push(made['id']);
    } else if (step < 0.75) await client.update(id, { ...key, location: place() }, wait);
    else if (step < 0.9) {
      await client.update(id, { ...key, location: place(), slot: body.slot }, wait);
    } else await client.cancel(id, body.idempotency_key, wait);
  }
}

/** The absences that were kept are there and count; those that were removed do not. */
export async function assertAbsences(client: Client, { kept, removed }: Absences): Promise<void> {
  const list = await client.get(`${absencesPath}?limit=200`);
  const items = list.body['items'] as { id: string }[];
  assert.deepEqual(items.map(({ id }) => id).sort(), [...kept.keys()].sort());
  const asked = { service_type: 'pickup', resource_id: travelling };
  const outcome = async (hour: number): Promise<unknown> => {
    const { status, body } = await client.create(
      { ...createBody({ hour }), ...asked },
      { wait: 20 },
    );
    return status === 409 ? body['reason'] : status;
  };
  const [away, back] = [[...kept.values()].slice(-8), [...removed.values()].slice(-8)];
  const [refused, booked] = [away.map(() => 'absent'), back.map(() => 201)];
  assert.deepEqual(await Promise.all([...away, ...back].map(outcome)), [...refused, ...booked]);
}
