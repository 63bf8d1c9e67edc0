import type { Facts } from './facts.ts';
import type { Violation } from './violation.ts';

/** L2: once faults have healed, the outbox drains, and nothing stays parked beside it. */
export function outboxEmpty(facts: Facts): Violation[] {
  const waiting = facts.outbox.map(({ id, version, shard }) => ({
    guarantee: 'L2' as const,
    ids: { appointment: id, version, shard },
    sentence: 'its event is still in the outbox',
  }));
  const parked = facts.parked.map(({ appointment }) => ({
    guarantee: 'L2' as const,
    ids: { appointment },
    sentence: 'its events are parked',
  }));
  return [...waiting, ...parked];
}
