import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventLogBus } from '../../src/io/bus/event-log-bus.ts';
import { openBus } from '../../src/io/bus/open-bus.ts';
import type { Bus } from '../../src/io/bus/bus.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createRelay, type Relay } from '../../src/relay/index.ts';
import { openApi, type ApiFixture } from '../support/api-fixture.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
import { eventually } from '../support/eventually.ts';
import {
  apiReader,
  consumerReader,
  digestOf,
  rawReader,
  type OutboxReader,
  type Sighting,
} from '../support/outbox-readers.ts';
import { OutboxWriters } from '../support/outbox-writers.ts';
import { peer } from '../support/peer.ts';
import { openRabbitMq, type OpenedRabbitMq } from '../support/rabbitmq-under-test.ts';

// EVENTS=100000 measures; some thousands hold the line on every change.
const events = Number(process.env['EVENTS'] ?? 3_000);
const writers = 16;
const patienceMs = 30_000 + events * 3;
const types = ['appointment.accepted.v1', 'appointment.updated.v1'];
const { url, skip } = peer('rabbitmq');

let api: ApiFixture;
let rabbit: OpenedRabbitMq | undefined;
const parts: AsyncParts[] = [];
const relays: Relay[] = [];
let readers: OutboxReader[] = [];
/** What was committed: digests by `appointment:version`. */
const written = new Map<string, string>();
const took = { writing: 0, reading: 0 };
let failed: OutboxWriters['failed'];

before(async () => {
  api = await openApi();
  rabbit = skip === false ? await openRabbitMq(url) : undefined;
  for (let n = 0; n < 2; n += 1) parts.push(await asyncParts(api.store.url));
  const [own] = parts;
  assert.ok(own);
  readers = [apiReader(api), rawReader(api.store), consumerReader(own, api.store, types)];
  for (const one of parts) {
    const onAppended = (): void => readers.forEach((reader) => reader.wake?.());
    relays.push(createRelay({ ...one.relay, bus: ownBus(), onAppended }));
  }
  for (const relay of relays) await relay.start();
  if (rabbit !== undefined) readers.push(subscriber(rabbit));
  await writeAndRead();
});

after(async () => {
  for (const reader of readers) await reader.stop();
  for (const relay of relays) await relay.stop();
  for (const one of parts) await one.close();
  await rabbit?.close();
  await api.close();
});

/** Two relays have a connection each. */
function ownBus(): Bus {
  if (rabbit === undefined) return eventLogBus;
  const prefix = rabbit.topology.exchange.replace(/\.events$/, '');
  return openBus({ url, clock: systemClock, prefix }).bus;
}

function subscriber({ received }: OpenedRabbitMq): OutboxReader {
  return {
    name: 'a subscriber of the bus',
    seen: async () => (await received()).map(({ id, bytes }) => ({ id, digest: digestOf(bytes) })),
    count: async () => (await received()).length,
    stop: () => Promise.resolve(),
  };
}

async function writeAndRead(): Promise<void> {
  const startedMs = performance.now();
  const onCommitted = (committed: readonly { id: string; bytes: string }[]): void => {
    for (const { id, bytes } of committed) written.set(id, digestOf(bytes));
  };
  const load = new OutboxWriters({ store: api.store, writers, events, onCommitted });
  await load.run();
  failed = load.failed;
  took.writing = performance.now() - startedMs;
  // Whoever has not got everything in time is found out by the tests.
  await eventually(async () => {
    for (const reader of readers) {
      if ((await reader.count()) < events) return false;
      const ids = (await reader.seen()).map(({ id }) => id);
      if (new Set(ids).size < events) return false;
    }
    return true;
  }, patienceMs).catch(() => undefined);
  took.reading = performance.now() - startedMs;
}

async function seenBy(name: string): Promise<Sighting[]> {
  const reader = readers.find((one) => one.name === name);
  assert.ok(reader, name);
  return reader.seen();
}

interface Complaints {
  lost: string[];
  /** Events that nobody has committed, or with other bytes. */
  foreign: string[];
  /** Events that came before an earlier version of their appointment. */
  disorder: string[];
  repeated: number;
}

function complaintsOf(seen: readonly Sighting[]): Complaints {
  const latest = new Map<string, number>();
  const first = new Set<string>();
  const found: Complaints = { lost: [], foreign: [], disorder: [], repeated: 0 };
  for (const { id, digest } of seen) {
    if (written.get(id) !== digest) found.foreign.push(id);
    if (first.has(id)) {
      found.repeated += 1;
      continue;
    }
    first.add(id);
    const [appointment = '', version] = id.split(':');
    const next = (latest.get(appointment) ?? 0) + 1;
    if (Number(version) !== next) found.disorder.push(id);
    latest.set(appointment, Number(version));
  }
  found.lost = [...written.keys()].filter((id) => !first.has(id));
  return found;
}

test('the writers have committed what they were asked for, in each other’s way', async (t) => {
  assert.equal(written.size, events);
  const shards = await api.store.query('SELECT DISTINCT shard FROM event_log');
  assert.equal(shards.length, 64);
  assert.ok(failed.lost > 0 && failed.takenBack > 0);
  const [writing, reading] = [took.writing, took.reading].map((ms) => (ms / 1_000).toFixed(1));
  t.diagnostic(
    `${events} events by ${writers} writers in ${writing} s, all read after ${reading} s; ` +
      `transactions lost to another writer: ${failed.lost}, taken back: ${failed.takenBack}`,
  );
});

const names = ['GET /v1/events', 'a raw cursor', 'a consumer of the service'];
for (const name of names) {
  test(`${name} gets every event once, versions in order, as it was committed`, async () => {
    const complaints = complaintsOf(await seenBy(name));
    assert.deepEqual(complaints, { lost: [], foreign: [], disorder: [], repeated: 0 });
  });
}

test('a subscriber of the bus gets every event, first sights in order', { skip }, async (t) => {
  const { repeated, ...complaints } = complaintsOf(await seenBy('a subscriber of the bus'));
  assert.deepEqual(complaints, { lost: [], foreign: [], disorder: [] });
  t.diagnostic(`${repeated} came again, with equal bytes`);
});
