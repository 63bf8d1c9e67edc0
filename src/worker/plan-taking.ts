import type { ConsumedEvent, NotificationOrder } from '../store/write/consumer.ts';
import type { FeedEvent } from './event-feed.ts';

export type Order = (event: FeedEvent) => NotificationOrder | undefined;

/**
 * What becomes of a batch: an event is taken if nothing of its appointment stands before it, held
 * if something does, and parked if no order can be made of it. Pure.
 */
export function planTaking(events: readonly FeedEvent[], order: Order): ConsumedEvent[] {
  const outcomes = new Map<string, ConsumedEvent>();
  const blocked = new Set<string>();
  for (const event of events) {
    const appointment = `${event.tenant_id}/${event.appointment_id}`;
    const key = `${appointment}:${event.version}`;
    // Delivered twice.
    if (outcomes.has(key)) continue;
    const isNext =
      !blocked.has(appointment) &&
      event.awaits.every(
        (version) => outcomes.get(`${appointment}:${version}`)?.outcome === 'take',
      );
    const consumed = isNext ? taken(event, order) : held(event);
    if (consumed.outcome !== 'take') blocked.add(appointment);
    outcomes.set(key, consumed);
  }
  return [...outcomes.values()];
}

function taken(event: FeedEvent, order: Order): ConsumedEvent {
  try {
    return { ...consumed(event), ...order(event), event: null };
  } catch (error) {
    const poison = error instanceof Error ? error.message : String(error);
    return { ...consumed(event), outcome: 'park', poison };
  }
}

function held(event: FeedEvent): ConsumedEvent {
  return { ...consumed(event), outcome: 'hold' };
}

function consumed({ awaits: _, ...event }: FeedEvent): ConsumedEvent {
  return { ...event, outcome: 'take', poison: null };
}
