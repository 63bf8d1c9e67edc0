import { randomBytes } from 'node:crypto';
import {
  loadRdKafka,
  type KafkaMetadata,
  type KafkaMessage,
  type RdKafka,
} from '../../src/io/bus/kafka/rdkafka.ts';
import { openBus } from '../../src/io/bus/open-bus.ts';
import { systemClock } from '../../src/io/clock.ts';
import type { BusUnderTest, OpenedBus, ReceivedEvent } from './opened-bus.ts';

/** librdkafka's protocol mock: no broker of Kafka can be had here. It cannot be cut or stalled. */
export function kafkaUnderTest(): BusUnderTest {
  const rdKafka = loadRdKafka();
  return {
    name: 'Kafka (protocol mock)',
    skip:
      rdKafka === undefined &&
      'node-rdkafka cannot be loaded: docs/how-to/bus.md says how to get it',
    canBreak: false,
    open: () => openKafka(rdKafka ?? neverMind()),
  };
}

function neverMind(): never {
  throw new Error('node-rdkafka cannot be loaded');
}

async function openKafka(rdKafka: RdKafka): Promise<OpenedBus> {
  const mock = new rdKafka.Producer({ 'test.mock.num.brokers': 1 });
  const { brokers } = await new Promise<KafkaMetadata>((resolve, reject) => {
    mock.connect({ timeout: 10_000 }, (error, found) =>
      error ? reject(new Error(error.message)) : resolve(found),
    );
  });
  const address = `${brokers[0]?.host}:${brokers[0]?.port}`;
  const prefix = `test.${randomBytes(6).toString('hex')}`;
  const { bus, subscribe } = openBus({ url: `kafka://${address}`, clock: systemClock, prefix });
  const reader = outsideReader(rdKafka, { address, topic: `${prefix}.events` });
  return {
    bus,
    subscribe,
    received: reader.received,
    close: async () => {
      await bus.close();
      await reader.close();
      await new Promise((resolve) => mock.disconnect(resolve));
    },
  };
}

/** Reads the topic from its beginning, from the first call on. */
function outsideReader(rdKafka: RdKafka, { address, topic }: { address: string; topic: string }) {
  const events: ReceivedEvent[] = [];
  const consumer = new rdKafka.KafkaConsumer(
    { 'bootstrap.servers': address, 'group.id': `${topic}.reader`, 'enable.auto.commit': false },
    { 'auto.offset.reset': 'earliest' },
  );
  let connecting: Promise<void> | undefined;
  const connect = (): Promise<void> =>
    new Promise((resolve, reject) => {
      consumer.connect({ timeout: 10_000 }, (error) => {
        if (error) return reject(new Error(error.message));
        consumer.setDefaultConsumeTimeout(100);
        consumer.subscribe([topic]);
        resolve();
      });
    });
  return {
    received: async (): Promise<ReceivedEvent[]> => {
      await (connecting ??= connect());
      const messages = await new Promise<KafkaMessage[]>((resolve, reject) => {
        consumer.consume(1_000, (error, found) =>
          error ? reject(new Error(error.message)) : resolve(found),
        );
      });
      for (const { value, headers = [] } of messages) {
        const id = headers.find((header) => 'message-id' in header)?.['message-id'];
        events.push({ id: String(id), bytes: String(value) });
      }
      return events;
    },
    close: async (): Promise<void> => {
      if (connecting !== undefined) await new Promise((resolve) => consumer.disconnect(resolve));
    },
  };
}
