import { BusError, type Delivery, type Subscription, type SubscriptionOptions } from '../bus.ts';
import { deliveryOfKafkaRecord } from './kafka-record.ts';
import { kafkaProperties, topicOf, type KafkaOptions } from './kafka-options.ts';
import { reasonOf, type KafkaConsumer, type KafkaMessage } from './rdkafka.ts';

// How long a look for messages waits for the first of them.
const lookMs = 50;

/**
 * Reads the topic as a member of the consumer's group. Offsets are committed only when everything
 * taken before is settled, and taking goes on only then, so what is unsettled when the process ends
 * is read again.
 */
export function kafkaSubscription(options: KafkaOptions & SubscriptionOptions): Subscription {
  let consumer: KafkaConsumer | undefined;
  const { prefix, connectTimeoutMs } = options;

  async function connected(): Promise<KafkaConsumer> {
    if (consumer !== undefined) return consumer;
    const fresh = new options.rdKafka.KafkaConsumer(
      {
        ...kafkaProperties(options),
        'group.id': `${prefix}.${options.consumer}`,
        'enable.auto.commit': false,
      },
      { 'auto.offset.reset': 'earliest' },
    );
    // Errors are met again, and told, by whoever consumes.
    fresh.on('event.error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      fresh.connect({ timeout: connectTimeoutMs }, (error) => {
        // One that fails leaves nothing open.
        if (error === null || error === undefined) resolve();
        else reject(new BusError(reasonOf(error)));
      });
    });
    fresh.setDefaultConsumeTimeout(lookMs);
    fresh.subscribe([topicOf(options)]);
    consumer = fresh;
    return fresh;
  }

  function settling(through: KafkaConsumer, messages: readonly KafkaMessage[]): () => void {
    const next = new Map(
      messages.map(({ topic, partition, offset }) => [
        partition,
        { topic, partition, offset: offset + 1 },
      ]),
    );
    let unsettled = messages.length;
    return () => {
      unsettled -= 1;
      if (unsettled === 0) through.commit([...next.values()]);
    };
  }

  return {
    take: async (most) => {
      const through = await connected();
      const messages = await new Promise<KafkaMessage[]>((resolve, reject) => {
        through.consume(most, (error, found) =>
          error === null || error === undefined
            ? resolve(found)
            : reject(new BusError(reasonOf(error))),
        );
      });
      const settle = settling(through, messages);
      return messages.flatMap((message): Delivery[] => {
        const delivery = deliveryOfKafkaRecord(message);
        if (delivery !== undefined) return [{ ...delivery, settle }];
        settle();
        return [];
      });
    },
    close: async () => {
      const closing = consumer;
      consumer = undefined;
      if (closing !== undefined) await new Promise((resolve) => closing.disconnect(resolve));
    },
  };
}
