import type { Delivery, Subscription, SubscriptionOptions } from '../bus.ts';
import { deliveryOf } from './message.ts';
import type { RabbitMqOptions } from './rabbitmq-bus.ts';
import { rabbitMqLink, type OpenChannel } from './rabbitmq-link.ts';
import { declareConsumer } from './topology.ts';

/**
 * Reads a consumer's queue. What has arrived waits here until it is taken, and never more than the
 * limit is unsettled; what is unsettled when the connection breaks is delivered again.
 */
export function rabbitMqSubscription(options: RabbitMqOptions & SubscriptionOptions): Subscription {
  const { topology, consumer, types, limit, onArrival } = options;
  let arrived: Delivery[] = [];
  const link = rabbitMqLink({ ...options, name: `slotwright ${consumer}`, prepare: consume });

  async function consume({ channel, lost, drop }: OpenChannel): Promise<void> {
    arrived = [];
    const queue = await declareConsumer(channel, topology, { consumer, types });
    await channel.prefetch(limit);
    await channel.consume(queue, (message) => {
      if (message === null) return drop('the queue was deleted');
      const delivery = deliveryOf(message);
      // Whoever put it there can find it among the dead letters.
      if (delivery === undefined) return channel.nack(message, false, false);
      const settle = (): void => {
        if (lost() === undefined) channel.ack(message);
      };
      arrived.push({ ...delivery, settle });
      onArrival();
    });
  }

  return {
    take: async (most) => {
      await link.open();
      return arrived.splice(0, most);
    },
    close: () => link.close(),
  };
}
