import type { Queries } from '../../io/postgres.ts';
import type { TenantQueries } from '../../io/tenant-reads.ts';
import { statement } from '../statement.ts';

/** One place of the log; `event` is null where it is another tenant's. */
export interface EventRow {
  shard: number;
  position: number;
  event: string | null;
  appended_ms: number;
}

// Positions of a shard are given out and committed in order, so reading on from one misses none.
// The last position of a shard says without touching the log whether there is anything to read.
// Places of other tenants are counted, not shown: the reader's cursor must get past them.
const eventsAfterPositions = statement<EventRow>(
  'events_after_positions',
  `SELECT s.shard, e.position, e.event, e.appended_ms
  FROM unnest($2::int2[], $3::int8[]) AS reader (shard, position)
  JOIN outbox_shards s ON s.shard = reader.shard AND s.last_position > reader.position
  CROSS JOIN LATERAL (
    SELECT l.position, CASE WHEN l.tenant_id = $1 THEN l.event END AS event,
      floor(date_part('epoch', l.appended_at) * 1000)::int8 AS appended_ms
    FROM event_places l WHERE l.shard = s.shard AND l.position > reader.position
    ORDER BY l.position LIMIT $4) e
  ORDER BY s.shard, e.position`,
);

/** Up to `perShard` places of each shard behind the reader's positions (index: shard). */
export function findEventsAfter(
  queries: TenantQueries,
  wanted: { tenantId: string; positions: readonly number[]; perShard: number },
): Promise<EventRow[]> {
  const { tenantId, positions, perShard } = wanted;
  const shards = positions.map((_position, shard) => shard);
  return queries.run(eventsAfterPositions, [tenantId, shards, positions, perShard]);
}

const eventsAppended = statement<{ appended: number }>(
  'events_appended',
  'SELECT coalesce(sum(last_position), 0)::int8 AS appended FROM outbox_shards',
);

/** How many events have ever been appended to the log, of all tenants. */
export async function countEventsAppended(queries: Queries): Promise<number> {
  const [row] = await queries.run(eventsAppended);
  return row?.appended ?? 0;
}
