import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Bus, BusEvent } from '../../src/io/bus/bus.ts';
import { createRelay } from '../../src/relay/index.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
import { addEvents, bytesOf, newAppointments, resetBusTables } from '../support/bus-world.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

let db: TestDatabase;
let parts: AsyncParts;

before(async () => {
  db = await freshDatabase();
  parts = await asyncParts(db.url);
});
after(async () => {
  await parts.close();
  await db.drop();
});
beforeEach(() => resetBusTables(db));

interface DoubtfulBus {
  bus: Bus;
  /** Every event that was published, as often as it was. */
  published: BusEvent[];
  /** How many rows the outbox had whenever something was. */
  waiting: number[];
}

/** A bus that takes what it is given, but for what `doubts` picks out: of that nobody knows. */
function doubtfulBus(doubts: (event: BusEvent) => boolean): DoubtfulBus {
  const published: BusEvent[] = [];
  const waiting: number[] = [];
  const bus: Bus = {
    ...{
      name: 'doubtful',
      takesRuns: false,
      readsBytes: true,
      batchSize: 256,
      close: () => Promise.resolve(),
    },
    publish: async (events) => {
      published.push(...events);
      waiting.push((await db.query('SELECT FROM outbox')).length);
      const unknown = events.filter(doubts).map((event) => ({ event, reason: 'no answer' }));
      return { refused: [], unconfirmed: unknown };
    },
  };
  return { bus, published, waiting };
}

async function logged(): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT appointment_id || ':' || version AS id FROM event_log ORDER BY shard, position`,
  );
  return rows.map(({ id }) => id);
}

test('what the bus has not confirmed stays in the outbox', async () => {
  const [doubted = '', plain = ''] = newAppointments(2);
  let isDoubting = true;
  const { bus, waiting } = doubtfulBus(
    ({ appointmentId }) => isDoubting && appointmentId === doubted,
  );
  await addEvents(db, [
    { id: doubted, version: 1 },
    { id: plain, version: 1 },
  ]);
  await addEvents(db, [{ id: doubted, version: 2 }]);
  const relay = createRelay({ ...parts.relay, bus });
  await relay.start();
  try {
    await eventually(() => waiting.length >= 3);
    assert.equal(waiting[0], 3, 'nothing leaves before it is published');
    assert.deepEqual(await logged(), [`${plain}:1`]);
    assert.equal((await db.query('SELECT FROM outbox')).length, 2);
    isDoubting = false;
    await eventually(async () => (await db.query('SELECT FROM outbox')).length === 0);
    const events = await logged();
    assert.deepEqual(
      events.filter((id) => id.startsWith(doubted)),
      [`${doubted}:1`, `${doubted}:2`],
    );
  } finally {
    await relay.stop();
  }
});

test('an event is published as the bytes that were committed, at every attempt', async () => {
  const ids = newAppointments(20);
  const tries = new Map<string, number>();
  const { bus, published } = doubtfulBus(({ appointmentId, version }) => {
    const key = `${appointmentId}:${version}`;
    tries.set(key, (tries.get(key) ?? 0) + 1);
    return (tries.get(key) ?? 0) < 3;
  });
  for (const version of [1, 2]) {
    await addEvents(
      db,
      ids.map((id) => ({ id, version })),
    );
  }
  const relay = createRelay({ ...parts.relay, bus });
  await relay.start();
  try {
    await eventually(async () => (await logged()).length === 40, 20_000);
  } finally {
    await relay.stop();
  }
  assert.ok(published.length >= 3 * 40);
  for (const { appointmentId, version, bytes } of published) {
    assert.equal(bytes, bytesOf(appointmentId, version));
  }
  const rows = await db.query<{ id: string; version: number; event: string }>(
    'SELECT appointment_id AS id, version, event FROM event_log',
  );
  for (const { id, version, event } of rows) assert.equal(event, bytesOf(id, version));
});
