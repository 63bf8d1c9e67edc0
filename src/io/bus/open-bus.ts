import type { Clock } from '../clock.ts';
import { BusError, type Broker } from './bus.ts';
import { kafkaBus } from './kafka/kafka-bus.ts';
import { kafkaSubscription } from './kafka/kafka-subscription.ts';
import { loadRdKafka } from './kafka/rdkafka.ts';
import { rabbitMqBus } from './rabbitmq/rabbitmq-bus.ts';
import { rabbitMqSubscription } from './rabbitmq/rabbitmq-subscription.ts';
import { topologyOf } from './rabbitmq/topology.ts';

export interface BusOptions {
  /** BUS_URL */
  url: string;
  clock: Clock;
  /** Comes before every name on the broker; tests have one each. */
  prefix?: string;
  connectTimeoutMs?: number;
  publishTimeoutMs?: number;
}

/**
 * The broker of a BUS_URL. Nothing is opened until something is published or read: a broker may be
 * away when we start. Throws a `BusError` where a driver is missing.
 */
export function openBus(options: BusOptions): Broker {
  const common = {
    ...options,
    prefix: options.prefix ?? 'slotwright',
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    publishTimeoutMs: options.publishTimeoutMs ?? 10_000,
  };
  if (options.url.startsWith('kafka:')) {
    const rdKafka = loadRdKafka();
    if (rdKafka === undefined) {
      throw new BusError('Kafka needs the package node-rdkafka: docs/how-to/bus.md says how');
    }
    const kafka = { ...common, rdKafka };
    return {
      bus: kafkaBus(kafka),
      subscribe: (wanted) => kafkaSubscription({ ...kafka, ...wanted }),
    };
  }
  const rabbit = { ...common, topology: topologyOf(common.prefix) };
  return {
    bus: rabbitMqBus(rabbit),
    subscribe: (wanted) => rabbitMqSubscription({ ...rabbit, ...wanted }),
  };
}
