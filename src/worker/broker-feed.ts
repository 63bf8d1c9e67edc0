import type { Delivery, Subscription } from '../io/bus/bus.ts';
import { findConsumerStandings } from '../store/read/consumer.ts';
import type { WorkerDependencies } from './dependencies.ts';
import type { EventFeed, FeedEvent } from './event-feed.ts';

export interface BrokerFeedOptions {
  consumer: string;
  types: readonly string[];
  subscription: Subscription;
}

/**
 * What a broker delivers: at least once, in any order. The database says what is known already and
 * what must come first; a delivery is settled after its effects are committed, and not before.
 */
export function brokerFeed(
  { hotDatabase, config }: WorkerDependencies,
  { consumer, types, subscription }: BrokerFeedOptions,
): EventFeed {
  // Kept until they are settled, so that a turn that fails loses none.
  let inHand: Delivery[] = [];
  return {
    name: 'broker',
    read: async () => {
      if (inHand.length === 0) inHand = await subscription.take(config.deliveriesPerTurn);
      if (inHand.length === 0) return undefined;
      const taken = inHand;
      const wanted = taken.filter(({ type }) => types.includes(type)).map(feedEvent);
      const standings = await findConsumerStandings(hotDatabase, { consumer, types }, wanted);
      const events = wanted
        .map((event, index) => ({ ...event, ...standings[index] }))
        .filter(({ known }) => known !== true)
        .sort((a, b) => a.version - b.version);
      return {
        events,
        moves: [],
        isFull: taken.length === config.deliveriesPerTurn,
        settle: () => {
          for (const delivery of taken) delivery.settle();
          if (inHand === taken) inHand = [];
        },
      };
    },
  };
}

function feedEvent(delivery: Delivery): FeedEvent {
  const { tenantId, appointmentId, version, type, bytes, traceparent } = delivery;
  return {
    shard: null,
    tenant_id: tenantId,
    appointment_id: appointmentId,
    version,
    type,
    event: bytes,
    traceparent,
    awaits: [],
  };
}
