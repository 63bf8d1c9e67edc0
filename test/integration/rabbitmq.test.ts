import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { GetMessage } from 'amqplib';
import { openBus } from '../../src/io/bus/open-bus.ts';
import { systemClock } from '../../src/io/clock.ts';
import {
  addEvents,
  busEvent,
  bytesOf,
  newAppointments,
  resetBusTables,
  startBusProcess,
  taken,
  wanted,
  type BusProcess,
  type ProcessOptions,
} from '../support/bus-world.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { peer } from '../support/peer.ts';
import { openRabbitMq, type OpenedRabbitMq } from '../support/rabbitmq-under-test.ts';

const { url, skip } = peer('rabbitmq');

let db: TestDatabase;
let rabbit: OpenedRabbitMq;
let processes: BusProcess[] = [];

before(async () => (db = await freshDatabase()));
after(() => db.drop());

function onRabbitMq(title: string, body: () => Promise<void>): void {
  test(title, { skip }, async () => {
    await resetBusTables(db);
    rabbit = await openRabbitMq(url);
    try {
      await body();
    } finally {
      for (const running of processes) await running.stop();
      processes = [];
      await rabbit.close();
    }
  });
}

async function start(options: ProcessOptions): Promise<BusProcess> {
  const started = await startBusProcess({ database: db, opened: rabbit }, options);
  processes.push(started);
  return started;
}

async function count(table: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return row?.n ?? 0;
}

/** Waits for a message in a queue and takes it out. */
async function messageIn(queue: string): Promise<GetMessage> {
  const message = await eventually(() => rabbit.channel.get(queue, { noAck: true }));
  assert.ok(typeof message === 'object');
  return message;
}

onRabbitMq('a message is the event, persistent, and says beside it what it is', async () => {
  const [id = ''] = newAppointments(1);
  await rabbit.bus.publish([]);
  const { queue } = await rabbit.channel.assertQueue('', { exclusive: true });
  await eventually(
    async () => (await rabbit.bus.publish([busEvent(id, 1)])).unconfirmed.length === 0,
  );
  await rabbit.channel.bindQueue(queue, rabbit.topology.exchange, 'appointment.#');
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await rabbit.bus.publish([{ ...busEvent(id, 2), traceparent, attempt: 3 }]);
  const { content, fields, properties } = await messageIn(queue);
  assert.equal(content.toString(), bytesOf(id, 2));
  assert.deepEqual([fields.exchange, fields.routingKey], [rabbit.topology.exchange, wanted]);
  assert.deepEqual(
    [properties.messageId, properties.type, properties.contentType, properties.deliveryMode],
    [`${id}:2`, wanted, 'application/cloudevents+json', 2],
  );
  const headers = { 'x-attempt': 3, 'x-tenant': 'default', traceparent };
  assert.deepEqual({ ...properties.headers }, headers);
});

onRabbitMq(
  'an event that nothing would take is returned, and waits until something does',
  async () => {
    const [first = '', second = ''] = newAppointments(2);
    const { parts } = await start({ consumes: false });
    await addEvents(db, [{ id: first, version: 1 }]);
    await eventually(async () => (await count('outbox')) === 0);
    const { exchange, audit } = rabbit.topology;
    await rabbit.channel.unbindQueue(audit, exchange, '#');
    await addEvents(
      db,
      [1, 2].map((version) => ({ id: second, version })),
    );
    await eventually(async () => (await count('outbox WHERE attempts >= 2')) === 1);
    assert.equal(await count('outbox'), 2, 'the second version waits for the first');
    const { values } = await parts.relay.metrics.busEvents.get();
    assert.ok(values.some(({ labels, value }) => labels.outcome === 'unconfirmed' && value >= 2));
    await rabbit.channel.bindQueue(audit, exchange, '#');
    await eventually(async () => (await count('outbox')) === 0);
    await eventually(async () => (await rabbit.received()).length === 3);
    const ids = (await rabbit.received()).map((event) => event.id);
    assert.deepEqual(ids.slice(1), [`${second}:1`, `${second}:2`]);
  },
);

onRabbitMq('a queue that is full refuses, and only what would go there waits', async () => {
  const [first = '', second = '', other = ''] = newAppointments(3);
  await start({ consumes: false });
  await addEvents(db, [{ id: first, version: 1 }]);
  await eventually(async () => (await count('outbox')) === 0);
  const full = `${rabbit.topology.exchange}.full`;
  await rabbit.channel.assertQueue(full, {
    arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    autoDelete: false,
    durable: true,
  });
  await rabbit.channel.bindQueue(full, rabbit.topology.exchange, wanted);
  rabbit.channel.sendToQueue(full, Buffer.from('x'));
  await addEvents(db, [{ id: second, version: 1 }]);
  await addEvents(db, [{ id: other, version: 1, type: 'appointment.updated.v1' }]);
  await eventually(async () => (await count('outbox WHERE attempts >= 2')) === 1);
  await eventually(async () => (await count('outbox')) === 1);
  await rabbit.channel.deleteQueue(full);
  await eventually(async () => (await count('outbox')) === 0);
});

onRabbitMq('what somebody deletes is declared again', async () => {
  const [id = ''] = newAppointments(1);
  await start({ gapSeconds: 1 });
  await addEvents(db, [{ id, version: 1 }]);
  await eventually(async () => (await taken(db)).length === 1);
  const { exchange, audit, queueOf } = rabbit.topology;
  await rabbit.channel.deleteQueue(queueOf('test'));
  await rabbit.channel.deleteQueue(audit);
  await rabbit.channel.deleteExchange(exchange);
  await addEvents(db, [{ id, version: 2 }]);
  await eventually(async () => (await taken(db)).length === 2);
  await eventually(async () => (await rabbit.received()).length === 1);
});

onRabbitMq('a message that is no event of ours ends among the dead letters alone', async () => {
  const [id = ''] = newAppointments(1);
  await start({ gapSeconds: 1 });
  await addEvents(db, [{ id, version: 1 }]);
  await eventually(async () => (await taken(db)).length === 1);
  const { exchange, deadQueueOf } = rabbit.topology;
  rabbit.channel.publish(exchange, wanted, Buffer.from('nonsense'), { messageId: 'nobody:0' });
  await addEvents(db, [{ id, version: 2 }]);
  const dead = await messageIn(deadQueueOf('test'));
  assert.equal(dead.content.toString(), 'nonsense');
  await eventually(async () => (await taken(db)).length === 2);
});

onRabbitMq('a version that died on the way is taken from the log before the next', async () => {
  const [id = ''] = newAppointments(1);
  const consumer = await start({ relays: false, gapSeconds: 600 });
  await start({ consumes: false });
  // Its queue is there once it has taken something from it.
  await eventually(async () => {
    await addEvents(db, [{ id: newAppointments(1)[0] ?? '', version: 1 }]);
    return (await taken(db)).length > 0;
  });
  await consumer.stop();
  processes = processes.filter((running) => running !== consumer);
  await resetBusTables(db);
  await addEvents(
    db,
    [1, 2].map((version) => ({ id, version })),
  );
  await eventually(async () => (await count('outbox')) === 0);
  // Delivered again and again without being settled, as to a process that dies of it.
  const { channel, topology } = rabbit;
  await eventually(async () => {
    const message = await channel.get(topology.queueOf('test'));
    if (message !== false) channel.nack(message, false, true);
    const { messageCount } = await channel.checkQueue(topology.deadQueueOf('test'));
    return message === false && messageCount >= 2;
  }, 20_000);
  await addEvents(db, [{ id, version: 3 }]);
  await start({ relays: false, gapSeconds: 2 });
  const mine = async (): Promise<string[]> => (await taken(db)).filter((one) => one.startsWith(id));
  await eventually(async () => (await mine()).length === 3);
  assert.deepEqual(await mine(), [`${id}:1`, `${id}:2`, `${id}:3`]);
});

test('a broker that is not there is said so, without its password', async () => {
  const away = 'amqp://someone:hunter2@127.0.0.1:1';
  const { bus, subscribe } = openBus({ url: away, clock: systemClock });
  const options = { consumer: 'test', types: [wanted], limit: 1, onArrival: () => undefined };
  const failures = [bus.publish([busEvent('x', 1)]), subscribe(options).take(1)];
  for (const failure of failures) {
    await assert.rejects(failure, (error) => {
      assert.ok(error instanceof Error && error.name === 'BusError');
      assert.match(error.message, /ECONNREFUSED/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
});
