import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  addEvents,
  appendToLog,
  busEvent,
  bytesOf,
  newAppointments,
  resetBusTables,
  startBusProcess,
  taken,
  type BusProcess,
  type ProcessOptions,
} from '../support/bus-world.ts';
import { run } from '../support/command.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import {
  eventLogUnderTest,
  publishInOrder,
  type BusUnderTest,
  type OpenedBus,
} from '../support/opened-bus.ts';
import { kafkaUnderTest } from '../support/kafka-under-test.ts';
import { peer } from '../support/peer.ts';
import { rabbitMqUnderTest } from '../support/rabbitmq-under-test.ts';

const brokers: BusUnderTest[] = [rabbitMqUnderTest(peer('rabbitmq')), kafkaUnderTest()];
const buses: BusUnderTest[] = [eventLogUnderTest, ...brokers];
const breakable = ({ canBreak }: BusUnderTest): boolean => canBreak;
const versions = [1, 2, 3, 4, 5];

let db: TestDatabase;
let opened: OpenedBus;
let processes: BusProcess[] = [];

before(async () => (db = await freshDatabase()));
after(() => db.drop());

/** The same test on each bus, with names of its own there and empty tables. */
function onEach(under: readonly BusUnderTest[], title: string, body: () => Promise<void>): void {
  for (const { name, skip, open } of under) {
    test(`${name}: ${title}`, { skip }, async () => {
      await resetBusTables(db);
      opened = await open(db);
      try {
        await body();
      } finally {
        await stopAll();
        await opened.close();
      }
    });
  }
}

async function start(options: ProcessOptions = {}, bus = opened): Promise<BusProcess> {
  const started = await startBusProcess({ database: db, opened: bus }, options);
  processes.push(started);
  return started;
}

async function stopAll(): Promise<void> {
  for (const running of processes) await running.stop();
  processes = [];
}

async function count(table: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return row?.n ?? 0;
}

const published = (): Promise<boolean> =>
  eventually(async () => (await count('outbox')) === 0, 20_000);
const takenAre = (n: number): Promise<boolean> =>
  eventually(async () => (await taken(db)).length >= n, 20_000);
const seenOutside = async (): Promise<string[]> => (await opened.received()).map(({ id }) => id);

/** Versions of each appointment as first seen, in order of sight. */
function firstSights(ids: readonly string[]): Map<string, number[]> {
  const seen = new Map<string, number[]>();
  for (const id of new Set(ids)) {
    const [appointment = '', version] = id.split(':');
    seen.set(appointment, [...(seen.get(appointment) ?? []), Number(version)]);
  }
  return seen;
}

function assertInOrder(ids: readonly string[], appointments: readonly string[]): void {
  const seen = firstSights(ids);
  assert.deepEqual([...seen.keys()].sort(), [...appointments].sort());
  for (const id of appointments) assert.deepEqual(seen.get(id), versions, id);
}

/** Adds one version of all appointments after the other, with something in between. */
async function addAll(
  appointments: readonly string[],
  between = (): Promise<void> => Promise.resolve(),
): Promise<void> {
  for (const version of versions) {
    await addEvents(
      db,
      appointments.map((id) => ({ id, version })),
    );
    await between();
  }
}

onEach(buses, 'every event is read outside, byte by byte, versions in order', async () => {
  const appointments = newAppointments(40);
  await start({ consumes: false });
  await addAll(appointments);
  await published();
  await eventually(async () => (await opened.received()).length >= 200);
  for (const { id, bytes } of await opened.received()) {
    const [appointment = '', version] = id.split(':');
    assert.equal(bytes, bytesOf(appointment, Number(version)));
  }
  assertInOrder(await seenOutside(), appointments);
});

onEach(
  buses.filter(breakable),
  'connections that break while events flow lose none and keep order',
  async () => {
    const appointments = newAppointments(40);
    await start({ consumes: false });
    await addAll(appointments, async () => opened.cut?.());
    await published();
    await eventually(async () => new Set(await seenOutside()).size === 200);
    assertInOrder(await seenOutside(), appointments);
  },
);

onEach(buses, 'two consumers of one name take each event once between them', async () => {
  const appointments = newAppointments(40);
  await start();
  await start({ relays: false });
  await addAll(appointments);
  await takenAre(200);
  await stopAll();
  const ids = await taken(db);
  assert.equal(ids.length, 200);
  assertInOrder(ids, appointments);
});

onEach(
  buses.filter(breakable),
  'a consumer whose connections break again and again takes each once',
  async () => {
    const appointments = newAppointments(40);
    await start();
    await addAll(appointments, async () => opened.cut?.());
    await takenAre(200);
    await stopAll();
    const ids = await taken(db);
    assert.equal(ids.length, 200);
    assertInOrder(ids, appointments);
  },
);

onEach(buses, 'poison waits with what comes after it, nothing else, until redriven', async () => {
  const [poisoned = '', healthy = ''] = newAppointments(2);
  let isPoison = true;
  await start({
    inspect: ({ appointment_id, version }) => {
      if (isPoison && appointment_id === poisoned && version === 2) throw new Error('unreadable');
    },
  });
  await addAll([poisoned, healthy]);
  await takenAre(6);
  await eventually(async () => (await count('dead_letters')) === 1);
  await eventually(async () => (await count('held_events')) === 4);
  const seen = firstSights(await taken(db));
  assert.deepEqual([seen.get(poisoned), seen.get(healthy)], [[1], versions]);
  const letters = await db.query('SELECT lane, kind, payload, reason FROM dead_letters');
  const payload = { type: 'appointment.confirmed.v1', version: 2 };
  assert.deepEqual(letters, [{ lane: 'event', kind: 'test', payload, reason: 'unreadable' }]);

  // Still poison, it is parked again; and then it is not.
  const redrive = ['deadletters', 'redrive', '--all', '--kind', 'event', '--json'];
  const [first] = await db.query('SELECT task_id FROM dead_letters');
  const again = await run(redrive, { DATABASE_URL: db.url });
  assert.deepEqual(JSON.parse(again.out), {
    redriven: [String(first?.['task_id'])],
    not_changed: [],
  });
  await eventually(async () => (await count('dead_letters')) === 1);
  assert.equal((await taken(db)).length, 6);
  isPoison = false;
  assert.equal((await run(redrive, { DATABASE_URL: db.url })).status, 0);
  await takenAre(10);
  assertInOrder(await taken(db), [poisoned, healthy]);
  assert.deepEqual([await count('held_events'), await count('dead_letters')], [0, 0]);
});

onEach(buses, 'what comes after poison that is discarded goes on without it', async () => {
  const [poisoned = ''] = newAppointments(1);
  await start({
    inspect: ({ version }) => {
      if (version === 2) throw new Error('unreadable');
    },
  });
  await addAll([poisoned]);
  await eventually(async () => (await count('dead_letters')) === 1);
  await eventually(async () => (await count('held_events')) === 4);
  const { status } = await run(['deadletters', 'discard', '--all'], { DATABASE_URL: db.url });
  assert.equal(status, 0);
  await takenAre(4);
  assert.deepEqual(firstSights(await taken(db)).get(poisoned), [1, 3, 4, 5]);
  assert.deepEqual([await count('held_events'), await count('inbox')], [0, 5]);
});

onEach(brokers, 'a version behind a gap is held until what is missing is delivered', async () => {
  const [id = ''] = newAppointments(1);
  await start({ relays: false, gapSeconds: 600 });
  await appendToLog(db, id, [1, 2, 3]);
  // The first ones may come before there is a queue for them.
  await eventually(async () => {
    await publishInOrder(opened.bus, [busEvent(id, 1)]);
    return (await taken(db)).length === 1;
  });
  await publishInOrder(opened.bus, [busEvent(id, 3), busEvent(id, 3)]);
  await eventually(async () => (await count('held_events')) === 1);
  assert.equal((await taken(db)).length, 1);
  await publishInOrder(opened.bus, [busEvent(id, 2), busEvent(id, 2)]);
  await takenAre(3);
  assert.deepEqual(firstSights(await taken(db)).get(id), [1, 2, 3]);
  assert.equal(await count('held_events'), 0);
});

onEach(
  brokers,
  'a version that is never delivered is taken from the log, in its turn',
  async () => {
    const [id = ''] = newAppointments(1);
    await start({ relays: false, gapSeconds: 1 });
    await appendToLog(db, id, versions);
    await publishInOrder(opened.bus, [busEvent(id, 3), busEvent(id, 1), busEvent(id, 5)]);
    await takenAre(5);
    assertInOrder(await taken(db), [id]);
  },
);

onEach(
  brokers.filter(breakable),
  'while it answers nobody events wait, and then go out in order',
  async () => {
    const appointments = newAppointments(20);
    const { relay, parts } = await start({ consumes: false });
    await addAll(appointments.slice(0, 1));
    await published();
    opened.stall?.();
    await addAll(appointments.slice(1));
    const gauge = parts.relay.metrics.busUp;
    await eventually(async () => (await gauge.get()).values.some(({ value }) => value === 0));
    assert.equal(await count('outbox'), 95);
    assert.equal(relay.ready(), undefined, 'bookings go on');
    opened.heal?.();
    await published();
    await eventually(async () => new Set(await seenOutside()).size === 100);
    assertInOrder(await seenOutside(), appointments);
    assert.equal((await gauge.get()).values[0]?.value, 1);
  },
);

onEach(
  brokers,
  'an event that it will never take parks its appointment until unparked',
  async () => {
    const [poisoned = '', healthy = ''] = newAppointments(2);
    await start({ consumes: false });
    const bytes = JSON.stringify({ text: 'x'.repeat(1_000_001) });
    await addEvents(db, [
      { id: poisoned, version: 1 },
      { id: poisoned, version: 2, bytes },
    ]);
    await addEvents(db, [
      { id: poisoned, version: 3 },
      { id: healthy, version: 1 },
    ]);
    await eventually(async () => (await count('outbox_parked')) === 1);
    await eventually(async () => (await count('outbox')) === 2);
    const environment = { DATABASE_URL: db.url };
    const discarded = await run(['deadletters', 'discard', poisoned], environment);
    assert.equal(discarded.status, 1);
    await db.query(`UPDATE outbox SET event = '{}' WHERE version = 2`);
    const { out } = await run(['deadletters', 'redrive', poisoned, '--json'], environment);
    assert.deepEqual(JSON.parse(out), { redriven: [poisoned], not_changed: [] });
    await published();
    await eventually(async () => (await seenOutside()).length === 4);
    assert.deepEqual(firstSights(await seenOutside()).get(poisoned), [1, 2, 3]);
  },
);

onEach(
  brokers,
  'changing to it from the event log, and back, loses and doubles nothing',
  async () => {
    const log = await eventLogUnderTest.open(db);
    const appointments = newAppointments(20);
    const add = (version: number): Promise<void> =>
      addEvents(
        db,
        appointments.map((id) => ({ id, version })),
      );

    // Each change leaves some events taken and some not, on the side that is left.
    await start({}, log);
    await add(1);
    await takenAre(20);
    await stopAll();
    await start({ consumes: false }, log);
    await add(2);
    await published();
    await stopAll();

    await start({ gapSeconds: 1 });
    await add(3);
    await takenAre(60);
    await stopAll();
    await start({ consumes: false });
    await add(4);
    await published();
    await stopAll();

    await start({}, log);
    await add(5);
    await takenAre(100);
    await stopAll();
    // What the broker still has is known when it comes.
    await start({ relays: false, gapSeconds: 1 });
    const unread = `consumer_cursors c JOIN outbox_shards s USING (shard)
    WHERE c.position < s.last_position`;
    await eventually(async () => (await count(unread)) === 0);
    await stopAll();
    const ids = await taken(db);
    assert.equal(ids.length, 100);
    assertInOrder(ids, appointments);
  },
);
