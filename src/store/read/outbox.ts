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
  /** How often it was published without a confirm. */
  attempts: number;
}

// The lowest rows of each shard, found anew every time. A cursor would lose events: a lower id
// may commit later. Within one appointment it cannot, since the row is inserted under its lock.
const lowestOutbox = statement<OutboxRow>(
  'lowest_outbox',
  `SELECT o.* FROM unnest($1::int2[]) AS s (shard) CROSS JOIN LATERAL (
    SELECT o.shard, o.outbox_id, o.tenant_id, o.appointment_id, o.version, o.type,
      CASE WHEN $3 THEN o.event ELSE '' END AS event, o.traceparent, o.attempts
    FROM outbox o
    WHERE o.shard = s.shard AND NOT EXISTS (
      SELECT FROM outbox_parked p
      WHERE p.tenant_id = o.tenant_id AND p.appointment_id = o.appointment_id)
    ORDER BY o.outbox_id LIMIT $2) o`,
);

const outboxDepth = statement<{ depth: number; lag_seconds: number; parked: number }>(
  'outbox_depth',
  `SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) some_rows)::int8 AS depth,
    (SELECT count(*) FROM outbox_parked)::int8 AS parked,
    coalesce(extract(epoch FROM clock_timestamp() - min(o.created_at)), 0)::float8 AS lag_seconds
  FROM outbox_shards s CROSS JOIN LATERAL (
    SELECT created_at FROM outbox o WHERE o.shard = s.shard ORDER BY outbox_id LIMIT 1) o`,
);

/** Up to `perShard` of the lowest rows of each shard, in order of id; bytes only if wanted. */
export function findLowestOutbox(
  queries: Queries,
  wanted: { shards: readonly number[]; perShard: number; withBytes: boolean },
): Promise<OutboxRow[]> {
  return queries.run(lowestOutbox, [wanted.shards, wanted.perShard, wanted.withBytes]);
}

const livingRelays = statement<{ relays: number }>(
  'living_relays',
  `SELECT count(*)::int8 AS relays FROM outbox_relays WHERE lease_expires_at > now()`,
);

export interface OutboxMeasure {
  /** Rows that wait, counted up to a limit. */
  depth: number;
  /** Age of the oldest. */
  lagSeconds: number;
  /** Appointments whose events the bus refused. */
  parked: number;
}

/** How the outbox stands; rows are counted up to `countUpTo`. */
export async function measureOutbox(queries: Queries, countUpTo: number): Promise<OutboxMeasure> {
  const [row] = await queries.run(outboxDepth, [countUpTo]);
  const { depth = 0, lag_seconds: lagSeconds = 0, parked = 0 } = row ?? {};
  return { depth, lagSeconds, parked };
}

/** How many relays hold a lease. */
export async function countOutboxRelays(queries: Queries): Promise<number> {
  const [row] = await queries.run(livingRelays);
  return row?.relays ?? 0;
}
