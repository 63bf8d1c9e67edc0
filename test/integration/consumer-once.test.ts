import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { systemRandom } from '../../src/io/random.ts';
import { takeAsConsumer, type ConsumedEvent } from '../../src/store/write/consumer.ts';
import { asyncParts, type AsyncParts } from '../support/async-parts.ts';
import {
  addEvents,
  newAppointments,
  resetBusTables,
  startBusProcess,
  taken,
  wanted,
} from '../support/bus-world.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { eventLogUnderTest } from '../support/opened-bus.ts';

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

function delivered(appointmentId: string, recipient: string): ConsumedEvent {
  return {
    ...{ shard: null, tenant_id: 'default', appointment_id: appointmentId, version: 3 },
    ...{ type: wanted, traceparent: null, outcome: 'take', event: null, poison: null },
    ...{ channel: 'email', recipient, template: 'test', state: 'pending', reason: null },
  };
}

test('an event that was taken has no effect when it comes again', async () => {
  const id = systemRandom.uuidV7();
  const taker = { epoch: 1, consumer: 'test' };
  // Whatever it would ask for by then: the key that recipients are named with may have changed.
  for (const recipient of ['first', 'first', 'second']) {
    const events = [delivered(id, recipient)];
    await takeAsConsumer(parts.worker.hotDatabase, taker, { moves: [], events });
  }
  const told = await db.query('SELECT recipient FROM notifications');
  assert.deepEqual(told, [{ recipient: 'first' }]);
  assert.equal((await taken(db)).length, 1);
});

test('of two that take the same event at once one has its effect', async () => {
  const id = systemRandom.uuidV7();
  const taker = { epoch: 1, consumer: 'test' };
  const names = Array.from({ length: 8 }, (_, index) => `reader ${index}`);
  await Promise.all(
    names.map((name) => {
      const events = [delivered(id, name)];
      return takeAsConsumer(parts.worker.hotDatabase, taker, { moves: [], events });
    }),
  );
  assert.equal((await db.query('SELECT FROM notifications')).length, 1);
  assert.equal((await taken(db)).length, 1);
});

test('an event whose effect the database refuses is met again', async () => {
  // A sequence keeps its value when the transaction is taken back.
  await db.query(`CREATE SEQUENCE refusals;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN PERFORM nextval('refusals'); RAISE EXCEPTION 'not now'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON notifications FOR EACH ROW
    EXECUTE FUNCTION refuse()`);
  const [id = ''] = newAppointments(1);
  const opened = await eventLogUnderTest.open(db);
  const running = await startBusProcess({ database: db, opened });
  try {
    await addEvents(db, [{ id, version: 1 }]);
    const refusals = `SELECT FROM pg_sequences WHERE sequencename = 'refusals' AND last_value >= 2`;
    await eventually(async () => (await db.query(refusals)).length === 1);
    assert.deepEqual(await db.query('SELECT FROM consumer_cursors WHERE position > 0'), []);
    assert.deepEqual(await taken(db), []);
    await db.query('DROP TRIGGER refuse ON notifications');
    await eventually(async () => (await taken(db)).length === 1);
  } finally {
    await running.stop();
  }
});
