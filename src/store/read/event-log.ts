import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface LoggedEvent {
  shard: number;
  /** Where the consumer's cursor stood when this was read. */
  cursor: number;
  position: number;
  tenant_id: string;
  appointment_id: string;
  version: number;
  type: string;
  /** The event's bytes, for the types asked for; null for the others. */
  event: string | null;
  traceparent: string | null;
}

// Positions of a shard are given and committed in order by its relay, so reading on from a
// position misses none. The shard's last position says without touching the log whether there is
// anything to read.
const eventsAfterCursor = statement<LoggedEvent>(
  'events_after_cursor',
  `SELECT c.shard, c.position AS cursor, e.*
  FROM consumer_cursors c
  JOIN outbox_shards s ON s.shard = c.shard AND s.last_position > c.position
  CROSS JOIN LATERAL (
    SELECT l.position, l.tenant_id, l.appointment_id, l.version, l.type,
      CASE WHEN l.type = ANY ($2) THEN l.event END AS event, l.traceparent
    FROM event_log l WHERE l.shard = c.shard AND l.position > c.position
    ORDER BY l.position LIMIT $3) e
  WHERE c.consumer = $1
  ORDER BY c.shard, e.position`,
);

/** Up to `perShard` events of each shard behind a consumer's cursors, in order of position. */
export function findLogAfterCursors(
  queries: Queries,
  { consumer, types, perShard }: { consumer: string; types: readonly string[]; perShard: number },
): Promise<LoggedEvent[]> {
  return queries.run(eventsAfterCursor, [consumer, types, perShard]);
}
