import { countHeldByConsumer, findReleasableForConsumer } from '../store/read/consumer.ts';
import type { WorkerDependencies } from './dependencies.ts';
import type { EventFeed } from './event-feed.ts';

const limit = 256;

/** What was held, once nothing stands before it any more: the gap is filled, or redriven. */
export function heldFeed(
  { hotDatabase, metrics }: WorkerDependencies,
  { consumer, types }: { consumer: string; types: readonly string[] },
): EventFeed {
  return {
    name: 'held',
    read: async () => {
      const { held, parked } = await countHeldByConsumer(hotDatabase, consumer);
      metrics.eventsHeld.set({ consumer, parked: 'no' }, held);
      metrics.eventsHeld.set({ consumer, parked: 'yes' }, parked);
      if (held === 0) return undefined;
      const rows = await findReleasableForConsumer(hotDatabase, { consumer, types, limit });
      if (rows.length === 0) return undefined;
      const events = rows.map((row) => ({ ...row, shard: null, awaits: [] }));
      // What waited behind one of these is the next to be released.
      return { events, moves: [], isFull: true };
    },
  };
}
