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
  /** The event's bytes where the consumer wants its type and has it neither taken nor held. */
  event: string | null;
  traceparent: string | null;
  /** Earlier versions of the appointment that are held. */
  awaits: number[];
  /** It has been in the log for as long as was asked for. */
  ripe: boolean;
}

// Positions of a shard are given and committed in order by its relay, so reading on from a
// position misses none. The shard's last position says without touching the log whether there is
// anything to read. (EXISTS among the columns would be planned as a hash of the whole inbox.)
const eventsAfterCursor = statement<LoggedEvent>(
  'events_after_cursor',
  `SELECT c.shard, c.position AS cursor, e.*
  FROM consumer_cursors c
  JOIN outbox_shards s ON s.shard = c.shard AND s.last_position > c.position
  CROSS JOIN LATERAL (
    SELECT l.position, l.tenant_id, l.appointment_id, l.version, l.type,
      CASE WHEN l.type = ANY ($2)
        AND (
          SELECT i.version FROM inbox i WHERE i.consumer = $1 AND i.tenant_id = l.tenant_id
            AND i.appointment_id = l.appointment_id AND i.version = l.version) IS NULL
        AND (
          SELECT h.version FROM held_events h WHERE h.consumer = $1 AND h.tenant_id = l.tenant_id
            AND h.appointment_id = l.appointment_id AND h.version = l.version) IS NULL
        THEN l.event END AS event,
      l.traceparent,
      CASE WHEN l.type = ANY ($2) THEN ARRAY (
        SELECT h.version FROM held_events h WHERE h.consumer = $1 AND h.tenant_id = l.tenant_id
          AND h.appointment_id = l.appointment_id AND h.version < l.version)
        ELSE '{}' END AS awaits,
      l.appended_at <= now() - make_interval(secs => $4) AS ripe
    FROM event_log l WHERE l.shard = c.shard AND l.position > c.position
    ORDER BY l.position LIMIT $3) e
  WHERE c.consumer = $1
  ORDER BY c.shard, e.position`,
);

/** Up to `perShard` events of each shard behind a consumer's cursors, in order of position. */
export function findLogAfterCursors(
  queries: Queries,
  wanted: { consumer: string; types: readonly string[]; perShard: number; ripeSeconds: number },
): Promise<LoggedEvent[]> {
  const { consumer, types, perShard, ripeSeconds } = wanted;
  return queries.run(eventsAfterCursor, [consumer, types, perShard, ripeSeconds]);
}
