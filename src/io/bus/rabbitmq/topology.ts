import type { Channel } from 'amqplib';

const gibibyte = 1024 ** 3;

/**
 * Everything that exists on the broker, all of it durable:
 *
 *   <prefix>.events    topic exchange; the routing key is the event's type
 *     ├─ '#' ────────> <prefix>.audit: a stream of everything, for replay; a week, at most 5 GiB
 *     └─ its types ──> <prefix>.<consumer>: a quorum queue per consumer of our own
 *                        └─ 20 deliveries without a settlement ──> <prefix>.dead
 *   <prefix>.dead      direct exchange
 *     └─ consumer ───> <prefix>.<consumer>.dead: a quorum queue for people to look at
 *
 * The audit stream takes every key, so no event is unroutable. A queue that is full refuses the
 * publisher, who tries again, rather than drop what it has; a dead letter leaves its queue only
 * once the other has it. Arguments of a queue that exists cannot be changed: give it a new name.
 */
export interface Topology {
  exchange: string;
  audit: string;
  queueOf(consumer: string): string;
  deadQueueOf(consumer: string): string;
  deadExchange: string;
}

export function topologyOf(prefix: string): Topology {
  return {
    exchange: `${prefix}.events`,
    audit: `${prefix}.audit`,
    deadExchange: `${prefix}.dead`,
    queueOf: (consumer) => `${prefix}.${consumer}`,
    deadQueueOf: (consumer) => `${prefix}.${consumer}.dead`,
  };
}

/** Declares what a publisher needs. */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  await channel.assertExchange(topology.exchange, 'topic', { durable: true });
  await channel.assertQueue(topology.audit, {
    durable: true,
    arguments: {
      'x-queue-type': 'stream',
      'x-max-age': '7D',
      'x-max-length-bytes': 5 * gibibyte,
      'x-stream-max-segment-size-bytes': 100_000_000,
    },
  });
  await channel.bindQueue(topology.audit, topology.exchange, '#');
}

/** Declares a consumer's queues as well; answers the one to read from. */
export async function declareConsumer(
  channel: Channel,
  topology: Topology,
  { consumer, types }: { consumer: string; types: readonly string[] },
): Promise<string> {
  await declareTopology(channel, topology);
  const { deadExchange } = topology;
  const [queue, deadQueue] = [topology.queueOf(consumer), topology.deadQueueOf(consumer)];
  await channel.assertExchange(deadExchange, 'direct', { durable: true });
  await channel.assertQueue(deadQueue, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-max-length': 100_000,
      'x-overflow': 'reject-publish',
    },
  });
  await channel.bindQueue(deadQueue, deadExchange, consumer);
  await channel.assertQueue(queue, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': 20,
      'x-dead-letter-exchange': deadExchange,
      'x-dead-letter-routing-key': consumer,
      'x-dead-letter-strategy': 'at-least-once',
      'x-max-length-bytes': gibibyte,
      'x-overflow': 'reject-publish',
    },
  });
  for (const type of types) await channel.bindQueue(queue, topology.exchange, type);
  return queue;
}
