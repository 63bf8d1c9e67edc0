import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { readByCursor, readByStream } from '../support/event-readers.ts';
import { createBody, putCatalogue, runLoad, seeded } from '../support/load.ts';
import { startService, type Service } from '../support/service.ts';

// SECONDS=60 measures; SEED repeats the choices of a run.
const seconds = Number(process.env['SECONDS'] ?? 6);
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const fewest = 1_500;
const busy = { clients: 32, resources: 3, hours: 60 };
/** Appointments that nobody touches: among the slots of the load, and far from them. */
const still = { among: 30, apart: 30, apartFromHour: 1_000 };

const ledger = new Ledger();
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
  client = new Client({ url: service.url, key: service.key, ledger });
  ends.push(() => client.close());
  await putCatalogue(client, { resources: busy.resources, bufferAfterMinutes: 10 });
  // Of a kind that the load does not book, so that it has this resource to itself.
  const put = await client.put('/v1/resources/quiet', {
    ...{ name: 'Quiet', service_types: ['pickup'], locations: ['here'], time_zone: 'UTC' },
    working_hours: [
      { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], start: '00:00', end: '24:00' },
    ],
  });
  assert.ok(put.status < 300, JSON.stringify(put));
});

after(async () => {
  for (const end of ends.reverse()) await end();
});

test(`${busy.clients} clients reschedule, cancel and create while lists are read`, async (t) => {
  t.diagnostic(`seed ${seed}, ${seconds} s`);
  const stable = await bookStable();
  await awaitQuiet(database.url);
  const byCursor = readByCursor(client);
  const byStream = readByStream(service);
  const stopping = new AbortController();
  const endMs = performance.now() + seconds * 1_000;
  // A slow machine takes longer, so that every step still comes up.
  const until = (): boolean =>
    stopping.signal.aborted || (performance.now() >= endMs && ledger.entries.length >= fewest);
  const searches = searchesOf(stable);
  const lists = searches.map((search, index) =>
    readLists({ ...search, random: seeded(seed + index), until }),
  );
  const load = runLoad({ client, callsEach: Infinity, seed, until, ...busy });
  const [passes] = await Promise.all([Promise.all(lists), load]).finally(() => stopping.abort());
  await awaitQuiet(database.url, 120_000);
  await byCursor.stop();
  await byStream.stop();
  const pages = passes.reduce((sum, { pages: count }) => sum + count, 0);
  const times = passes.map(({ lists: count }, index) => `${searches[index]?.name} ${count}`);
  t.diagnostic(`lists read: ${times.join(', ')}; ${pages} pages`);
  t.diagnostic(`events by cursor: ${byCursor.events.length}, by stream: ${byStream.events.length}`);
  ledger.deliveredEvents.push(...byStream.events);
  ledger.readToTheEnd = true;
  await holds(t, ledger);
  const cursorLedger = new Ledger();
  cursorLedger.deliveredEvents.push(...byCursor.events);
  cursorLedger.readToTheEnd = true;
  await holds(t, cursorLedger);
});

test('every step of the load was taken, with and without success', (t) => {
  const counts = new Map<string, number>();
  for (const { operation, answer } of ledger.entries) {
    const name = `${operation} ${answer?.status ?? 'unanswered'}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const tally = [...counts].sort().map(([name, count]) => `${name}: ${count}`);
  t.diagnostic(`${ledger.entries.length} requests: ${tally.join(', ')}`);
  for (const operation of ['create', 'update', 'cancel', 'start', 'complete']) {
    const taken = [200, 201, 202].filter((status) => counts.has(`${operation} ${status}`));
    assert.ok(taken.length > 0, `no ${operation} succeeded`);
    assert.ok(counts.has(`${operation} 409`), `no ${operation} was refused`);
  }
  for (const name of ['create 422', 'update 200', 'update 412', 'cancel 200']) {
    assert.ok(counts.has(name), `no ${name}`);
  }
  assert.equal([...counts.keys()].filter((name) => / 50[^3]/.test(name)).join(), '');
});

async function holds(t: TestContext, seen: Ledger): Promise<void> {
  const violations = await checkAll({ databaseUrl: database.url, ledger: seen });
  assert.ok(violations.length === 0, describeViolations(violations));
  const events = seen.deliveredEvents.length;
  t.diagnostic(`0 violations over ${seen.entries.length} requests and ${events} events`);
}

async function bookStable(): Promise<Stable> {
  const book = async (hour: number): Promise<string> => {
    const body = { ...createBody({ hour }), service_type: 'pickup' };
    const made = await client.create(body, { wait: 30 });
    assert.equal(made.status, 201, JSON.stringify(made));
    return String(made.body['id']);
  };
  const many = (length: number, from: number): Promise<string[]> =>
    Promise.all(Array.from({ length }, (_, index) => book(from + index)));
  return { among: await many(still.among, 0), apart: await many(still.apart, still.apartFromHour) };
}

/** Ids in order of their slots. */
interface Stable {
  among: string[];
  apart: string[];
}

interface Search {
  name: string;
  query: string;
  limits: number[];
  /** Those that must be seen exactly once. */
  ids: string[];
  /** Whether there is nothing else to be seen. */
  alone: boolean;
}

function searchesOf({ among, apart }: Stable): Search[] {
  const at = (hour: number): string => createBody({ hour }).slot.start_time;
  const apartEnd = still.apartFromHour + still.apart;
  const range = `from=${at(still.apartFromHour)}&to=${at(apartEnd)}`;
  const whole = `from=${at(0)}&to=${at(apartEnd)}`;
  const all = [...among, ...apart];
  const [small, large] = [
    [1, 2, 3, 7],
    [20, 50, 200],
  ] as const;
  return [
    { name: 'apart', query: range, limits: [...small], ids: apart, alone: true },
    { name: 'own', query: 'resource_id=quiet', limits: [...small], ids: all, alone: true },
    { name: 'whole', query: whole, limits: [...large], ids: all, alone: false },
    {
      name: 'holding',
      query: `${whole}&state=SCHEDULED,CONFIRMED,IN_PROGRESS`,
      limits: [...small, ...large],
      ids: all,
      alone: false,
    },
  ];
}

interface Listed {
  id: string;
  slot: { start_time: string };
}

type ListReading = Search & { random: () => number; until: () => boolean };

async function readLists(reading: ListReading): Promise<{ lists: number; pages: number }> {
  const { name, ids, alone, limits, random } = reading;
  let pages = 0;
  for (let lists = 0; ; lists += 1) {
    if (lists > 0 && reading.until()) return { lists, pages };
    const limit = limits[Math.floor(random() * limits.length)] ?? 50;
    const items: Listed[] = [];
    for (let cursor = ''; ;) {
      const path = `/v1/appointments?${reading.query}&limit=${limit}${cursor}`;
      const { status, body } = await client.get(path);
      assert.equal(status, 200, JSON.stringify(body));
      items.push(...(body['items'] as Listed[]));
      pages += 1;
      if (body['next_cursor'] === null) break;
      cursor = `&cursor=${String(body['next_cursor'])}`;
    }
    const places = items.map(({ id, slot }) => `${slot.start_time} ${id}`);
    assert.deepEqual(places, places.toSorted(), `${name} is in order of start and id`);
    const wanted = new Set(ids);
    const seen = items.map(({ id }) => id).filter((id) => alone || wanted.has(id));
    assert.deepEqual(seen, ids, `${name} at limit ${limit} shows each untouched one once`);
  }
}
