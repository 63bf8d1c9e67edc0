import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface OutboxRow {
  shard: number;
  outbox_id: number;
  tenant_id: string;
  appointment_id: string;
  version: number;
  type: string;
  event: string;
  traceparent: string | null;
}

// The lowest rows of each shard, found anew every time. A cursor would lose events: a lower id
// may commit later. Within one appointment it cannot, since the row is inserted under its lock.
const lowestOutbox = statement<OutboxRow>(
  'lowest_outbox',
  `SELECT o.* FROM unnest($1::int2[]) AS s (shard) CROSS JOIN LATERAL (
    SELECT o.shard, o.outbox_id, o.tenant_id, o.appointment_id, o.version, o.type, o.event,
      o.traceparent
    FROM outbox o
    WHERE o.shard = s.shard AND NOT EXISTS (
      SELECT FROM outbox_parked p
      WHERE p.tenant_id = o.tenant_id AND p.appointment_id = o.appointment_id)
    ORDER BY o.outbox_id LIMIT $2) o`,
);

const outboxDepth = statement<{ depth: number; lag_seconds: number }>(
  'outbox_depth',
  `SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) some_rows)::int8 AS depth,
    coalesce(extract(epoch FROM clock_timestamp() - min(o.created_at)), 0)::float8 AS lag_seconds
  FROM outbox_shards s CROSS JOIN LATERAL (
    SELECT created_at FROM outbox o WHERE o.shard = s.shard ORDER BY outbox_id LIMIT 1) o`,
);

/** Up to `perShard` of the lowest rows of each shard, in order of id within a shard. */
export function findLowestOutbox(
  queries: Queries,
  { shards, perShard }: { shards: readonly number[]; perShard: number },
): Promise<OutboxRow[]> {
  return queries.run(lowestOutbox, [shards, perShard]);
}

/** How many rows wait (counted up to `countUpTo`) and the age of the oldest, in seconds. */
export async function measureOutbox(
  queries: Queries,
  countUpTo: number,
): Promise<{ depth: number; lagSeconds: number }> {
  const [row] = await queries.run(outboxDepth, [countUpTo]);
  return { depth: row?.depth ?? 0, lagSeconds: row?.lag_seconds ?? 0 };
}
