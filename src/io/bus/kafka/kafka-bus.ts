import { BusError, type Bus } from '../bus.ts';
import { publishEach, type SendEvent } from '../publish-each.ts';
import { kafkaRecordHeaders } from './kafka-record.ts';
import { kafkaProperties, topicOf, type KafkaOptions } from './kafka-options.ts';
import { reasonOf, type KafkaProducer } from './rdkafka.ts';

// After it an idempotent producer sends nothing any more.
const fatal = -150;

type Settle = (failure?: string) => void;

/**
 * Publishes with an idempotent producer and the acknowledgement of all replicas in sync. The key is
 * the appointment id, so that the events of an appointment are in one partition, in order. The
 * driver connects again by itself; what it cannot deliver in time is unconfirmed.
 */
export function kafkaBus(options: KafkaOptions): Bus {
  const topic = topicOf(options);
  let producer: KafkaProducer | undefined;

  async function connected(): Promise<KafkaProducer> {
    if (producer !== undefined) return producer;
    const fresh = new options.rdKafka.Producer({
      ...kafkaProperties(options),
      'enable.idempotence': true,
      acks: 'all',
      'linger.ms': 1,
      'message.timeout.ms': options.publishTimeoutMs,
      partitioner: 'murmur2_random',
      dr_cb: true,
    });
    fresh.on('event.error', (error) => {
      if (error.code !== fatal || producer !== fresh) return;
      producer = undefined;
      fresh.disconnect(() => undefined);
    });
    fresh.on('delivery-report', (error, { opaque }) => (opaque as Settle)(error?.message));
    await new Promise<void>((resolve, reject) => {
      fresh.connect({ timeout: options.connectTimeoutMs }, (error) => {
        // One that fails leaves nothing open.
        if (error === null || error === undefined) resolve();
        else reject(new BusError(reasonOf(error)));
      });
    });
    fresh.setPollInterval(5);
    producer = fresh;
    return fresh;
  }

  function sender(through: KafkaProducer): SendEvent {
    return (event) => {
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      const content = Buffer.from(event.bytes);
      const headers = kafkaRecordHeaders(event);
      const settle: Settle = resolve;
      try {
        through.produce(topic, null, content, event.appointmentId, null, settle, headers);
      } catch (error) {
        resolve((error as Error).message);
      }
      return promise;
    };
  }

  return {
    name: 'kafka',
    takesRuns: false,
    readsBytes: true,
    batchSize: 2_048,
    publish: async (events, onSent) => {
      const published = publishEach(events, sender(await connected()));
      await onSent?.();
      return published;
    },
    close: async () => {
      const closing = producer;
      producer = undefined;
      if (closing !== undefined) await new Promise((resolve) => closing.disconnect(resolve));
    },
  };
}
