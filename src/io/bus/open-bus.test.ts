import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../clock.ts';
import { loadRdKafka } from './kafka/rdkafka.ts';
import { openBus } from './open-bus.ts';

const isInstalled = loadRdKafka() !== undefined && 'node-rdkafka is installed here';

test('a Kafka URL without its driver says what is missing', { skip: isInstalled }, () => {
  assert.throws(() => openBus({ url: 'kafka://broker', clock: systemClock }), {
    name: 'BusError',
    message: /needs the package node-rdkafka: docs\/how-to\/bus\.md/,
  });
});

test('a broker is opened by its scheme, and connected only when it is used', async () => {
  for (const url of ['amqp://nobody.invalid', 'amqps://nobody.invalid']) {
    const { bus } = openBus({ url, clock: systemClock });
    assert.equal(bus.name, 'rabbitmq');
    await bus.close();
  }
});
