import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { formatInstant, parseInstant } from '../../src/domain/slot.ts';
import { availability } from '../../src/engine/placement/availability.ts';
import { place } from '../../src/engine/placement/place.ts';
import type { RegionState } from '../../src/engine/placement/region-state.ts';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { seeded } from '../support/load.ts';
import {
  anyCatalogue,
  apart,
  changesAhead,
  skippedDays,
  type OfferedCatalogue,
  type OfferedQuery,
} from '../support/offered-catalogue.ts';
import * as make from '../support/placement-region.ts';
import { startService, type Service } from '../support/service.ts';

// COUNT=100000 measures; with the same COUNT, SEED repeats catalogues, questions and choices.
const atLeast = Number(process.env['COUNT'] ?? 300);
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const atOnce = Math.min(16, Math.ceil(atLeast / 150));
const mostPerQuery = 50;
const ahead = changesAhead(Date.now());

let database: TestDatabase;
let service: Service;
let client: Client;

// In reverse of the way they came; a set-up that fails half-way still takes back its half.
const ends: (() => unknown)[] = [];

before(async () => {
  database = await freshDatabase();
  ends.push(() => database.drop());
  service = await startService({ databaseUrl: database.url });
  ends.push(() => service.close());
  client = new Client({ url: service.url, key: service.key });
  ends.push(() => client.close());
});

after(async () => {
  for (const end of ends.reverse()) await end();
});

interface Tally {
  catalogues: number;
  queries: number;
  offered: number;
  posted: number;
}

test('every slot that the service offers is accepted when it is posted', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const tally: Tally = { catalogues: 0, queries: 0, offered: 0, posted: 0 };
  while (tally.posted < atLeast) {
    const first = tally.catalogues;
    const catalogues = fc.sample(anyCatalogue(ahead), { numRuns: atOnce, seed: seed + first });
    const names = catalogues.map((_, index) => `c${first + index}-`);
    // First all catalogues, then all bookings: a change of the catalogue has bookings begin again.
    await Promise.all(catalogues.map((one, index) => putCatalogue(one, names[index] ?? '')));
    await Promise.all(
      catalogues.map((catalogue, index) => {
        const random = seeded(seed + first + index);
        return postOffered(catalogue, { prefix: names[index] ?? '', random, tally });
      }),
    );
    tally.catalogues += atOnce;
  }
  t.diagnostic(`through HTTP: ${JSON.stringify(tally)}, every posted one accepted`);
});

test('afterwards every guarantee holds', async () => {
  await awaitQuiet(database.url, 300_000);
  const violations = await checkAll({ databaseUrl: database.url });
  assert.ok(violations.length === 0, describeViolations(violations));
});

test('in process every offered slot is placed, on skipped days too', (t) => {
  t.diagnostic(`seed ${seed}`);
  const tally: Tally = { catalogues: 0, queries: 0, offered: 0, posted: 0 };
  // A third of the catalogues lie around days that were skipped, which no clock brings back.
  const changes = [...ahead, ...ahead, ...skippedDays];
  const some = fc.oneof(anyCatalogue(changes), anyCatalogue(ahead), anyCatalogue(skippedDays));
  for (let round = 0; tally.posted < atLeast; round += 1) {
    const property = fc.property(some, fc.nat(), (catalogue, choice) => {
      placeOffered(catalogue, { random: seeded(choice), tally });
    });
    fc.assert(property, { numRuns: 10, seed: seed + round });
  }
  t.diagnostic(`in process: ${JSON.stringify(tally)}, every one placed`);
});

async function putCatalogue(catalogue: OfferedCatalogue, prefix: string): Promise<void> {
  const put = async (path: string, body: Record<string, unknown>): Promise<void> => {
    const answer = await client.put(path, body);
    assert.equal(answer.status, 201, `${path} ${JSON.stringify(body)} ${JSON.stringify(answer)}`);
  };
  const own = (ids: string[]): string[] => ids.map((id) => prefix + id);
  await Promise.all([
    ...catalogue.serviceTypes.map((code) =>
      put(`/v1/service-types/${prefix}${code}`, { name: code }),
    ),
    ...catalogue.locations.map(({ id, time_zone }) =>
      put(`/v1/locations/${prefix}${id}`, { name: `${prefix}${id}`, time_zone }),
    ),
  ]);
  await Promise.all(
    catalogue.resources.map(({ id, service_types, locations, ...rest }) =>
      put(`/v1/resources/${prefix}${id}`, {
        ...{ name: id, service_types: own(service_types), locations: own(locations), ...rest },
      }),
    ),
  );
  for (const { resource, start, end } of catalogue.absences) {
    const added = await client.post(`/v1/resources/${prefix}${resource}/absences`, {
      idempotency_key: randomUUID(),
      start_time: formatInstant(start),
      end_time: formatInstant(end),
    });
    assert.equal(added.status, 201, JSON.stringify(added));
  }
}

interface Posting {
  prefix: string;
  random: () => number;
  tally: Tally;
}

async function postOffered(catalogue: OfferedCatalogue, posting: Posting): Promise<void> {
  const { prefix, tally } = posting;
  // One question after another: each meets what those before have booked.
  for (const query of catalogue.queries) {
    const named = catalogue.resources.find(({ id }) => id === query.resource);
    const offered = await ask(query, { prefix, isRefused: named?.active === false });
    const chosen = apart(offered, catalogue, { random: posting.random, most: mostPerQuery });
    const { serviceType, location, resource } = query;
    await Promise.all(
      chosen.map(async (slot) => {
        const body = {
          idempotency_key: randomUUID(),
          customer_id: randomUUID(),
          slot: { start_time: formatInstant(slot.start), end_time: formatInstant(slot.end) },
          service_type: prefix + serviceType,
          ...(location !== undefined && { location: prefix + location }),
          ...(resource !== undefined && { resource_id: prefix + resource }),
        };
        const answer = await client.create(body, { wait: 30 });
        const story = { seed, body, answer, query, catalogue, chosen };
        assert.equal(answer.status, 201, `not accepted: ${JSON.stringify(story)}`);
      }),
    );
    tally.queries += 1;
    tally.offered += offered.length;
    tally.posted += chosen.length;
  }
}

/** A resource that is not active is unknown to availability, as it is to bookings. */
async function ask(
  query: OfferedQuery,
  { prefix, isRefused }: { prefix: string; isRefused: boolean },
): Promise<{ start: number; end: number }[]> {
  const { serviceType, location, resource } = query;
  const search = new URLSearchParams({
    service_type: prefix + serviceType,
    from: formatInstant(query.from),
    to: formatInstant(query.to),
    duration_minutes: String(query.durationMinutes),
    step_minutes: String(query.stepMinutes),
    ...(location !== undefined && { location: prefix + location }),
    ...(resource !== undefined && { resource_id: prefix + resource }),
    limit: '5000',
  });
  const { status, body } = await client.get(`/v1/availability?${search.toString()}`);
  assert.equal(status, isRefused ? 422 : 200, JSON.stringify(body));
  if (isRefused) return [];
  return (body['slots'] as { start_time: string; end_time: string }[]).map((slot) => ({
    start: parseInstant(slot.start_time) ?? NaN,
    end: parseInstant(slot.end_time) ?? NaN,
  }));
}

function placeOffered(
  catalogue: OfferedCatalogue,
  { random, tally }: { random: () => number; tally: Tally },
): void {
  const state = regionOf(catalogue);
  for (const { serviceType, location, resource, ...query } of catalogue.queries) {
    const demand = {
      serviceType,
      ...(location !== undefined && { location: { kind: 'catalogue' as const, id: location } }),
      ...(resource !== undefined && { resourceId: resource }),
    };
    const { slots } = availability(state, {
      ...{ ...demand, from: query.from, to: query.to, now: query.from, limit: 5_000 },
      durationSeconds: query.durationMinutes * 60,
      stepSeconds: query.stepMinutes * 60,
    });
    // Any of them may be the one that is posted …
    for (const slot of slots) {
      assert.equal(place(state, { ...demand, slot }, 1).kind, 'placed', formatInstant(slot.start));
    }
    // … and those that are do not take each other's room.
    const chosen = apart(slots, catalogue, { random, most: mostPerQuery });
    for (const slot of chosen) {
      const placement = place(state, { ...demand, slot }, 1);
      assert.ok(placement.kind === 'placed', formatInstant(slot.start));
      make.book(state, slot, { ...placement, serviceType });
    }
    tally.queries += 1;
    tally.offered += slots.length;
    tally.posted += chosen.length;
  }
  tally.catalogues += 1;
}

function regionOf({ locations, resources, absences, ...rest }: OfferedCatalogue): RegionState {
  const state = make.regionOf();
  for (const code of rest.serviceTypes) state.putServiceType(make.serviceType(code));
  for (const { id, time_zone } of locations) state.putLocation(make.location(id, time_zone));
  for (const one of resources) {
    const resource = make.resource(one.id, {
      serviceTypes: one.service_types,
      locations: one.locations,
      timeZone: one.time_zone,
      workingHours: one.working_hours,
      breaks: one.breaks,
      bufferBeforeSeconds: one.buffer_before_minutes * 60,
      bufferAfterSeconds: one.buffer_after_minutes * 60,
      capacity: one.capacity,
      active: one.active,
    });
    state.putResource(resource);
  }
  absences.forEach(({ resource, start, end }, index) => {
    state.putAbsence({ id: `absence-${index}`, resourceId: resource, start, end });
  });
  return state;
}
