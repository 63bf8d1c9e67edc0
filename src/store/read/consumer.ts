import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface EventKey {
  tenant_id: string;
  appointment_id: string;
  version: number;
}

/** How a consumer stands towards an event that was delivered to it. */
export interface Standing {
  place: number;
  /** Taken or held before. */
  known: boolean;
  /** Earlier versions that it wants and has not taken. */
  awaits: number[];
}

export interface HeldEvent extends EventKey {
  type: string;
  event: string;
  traceparent: string | null;
}

// What the cursor has passed was taken, or is held. What was published is preceded in the log by
// the earlier versions, since the relay confirms a version before it publishes the next.
const passed = `(SELECT c.position FROM consumer_cursors c
        WHERE c.consumer = $1 AND c.shard = l.shard)`;
const untaken = `FROM event_log l
      WHERE l.tenant_id = d.tenant_id AND l.appointment_id = d.appointment_id
        AND l.version < d.version AND l.type = ANY ($2) AND l.position > ${passed}
        AND (SELECT i.version FROM inbox i WHERE i.consumer = $1 AND i.tenant_id = l.tenant_id
          AND i.appointment_id = l.appointment_id AND i.version = l.version) IS NULL`;

// Scalar subqueries rather than joins and EXISTS: those could be planned, while the log's next
// partitions are empty, as scans of all of it.
const standings = statement<Standing>(
  'standings_of_deliveries',
  `SELECT d.place,
    coalesce(
      (SELECT true FROM inbox i WHERE i.consumer = $1 AND i.tenant_id = d.tenant_id
        AND i.appointment_id = d.appointment_id AND i.version = d.version),
      (SELECT true FROM held_events h WHERE h.consumer = $1 AND h.tenant_id = d.tenant_id
        AND h.appointment_id = d.appointment_id AND h.version = d.version),
      (SELECT true FROM event_log l
        WHERE l.tenant_id = d.tenant_id AND l.appointment_id = d.appointment_id
          AND l.version = d.version AND l.position <= ${passed} LIMIT 1),
      false) AS known,
    ARRAY (
      SELECT l.version ${untaken}
      UNION
      SELECT h.version FROM held_events h WHERE h.consumer = $1 AND h.tenant_id = d.tenant_id
        AND h.appointment_id = d.appointment_id AND h.version < d.version) AS awaits
  FROM jsonb_to_recordset($3::jsonb) AS d (
    place int, tenant_id text, appointment_id uuid, version int)`,
);

// Only the lowest held version of an appointment can be the next, and not while it is parked.
const releasable = statement<HeldEvent>(
  'releasable_events',
  `SELECT d.tenant_id, d.appointment_id, d.version, d.type, d.event, d.traceparent
  FROM held_events d
  WHERE d.consumer = $1 AND NOT d.parked AND NOT EXISTS (
      SELECT FROM held_events e WHERE e.consumer = $1 AND e.tenant_id = d.tenant_id
        AND e.appointment_id = d.appointment_id AND e.version < d.version)
    AND NOT EXISTS (SELECT ${untaken})
  ORDER BY d.held_at LIMIT $3`,
);

const heldCounts = statement<{ held: number; parked: number }>(
  'count_held_events',
  `SELECT count(*) FILTER (WHERE NOT parked)::int8 AS held,
    count(*) FILTER (WHERE parked)::int8 AS parked
  FROM held_events WHERE consumer = $1`,
);

/** How the consumer stands towards each delivery, in their order. */
export async function findConsumerStandings(
  queries: Queries,
  { consumer, types }: { consumer: string; types: readonly string[] },
  deliveries: readonly EventKey[],
): Promise<Standing[]> {
  const rows = deliveries.map(({ tenant_id, appointment_id, version }, place) => {
    return { place, tenant_id, appointment_id, version };
  });
  const found = await queries.run(standings, [consumer, types, JSON.stringify(rows)]);
  return found.sort((a, b) => a.place - b.place);
}

/** Up to `limit` held events that nothing stands before any more, the longest held first. */
export function findReleasableForConsumer(
  queries: Queries,
  { consumer, types, limit }: { consumer: string; types: readonly string[]; limit: number },
): Promise<HeldEvent[]> {
  return queries.run(releasable, [consumer, types, limit]);
}

/** How many events a consumer holds back, and how many of its are parked. */
export async function countHeldByConsumer(
  queries: Queries,
  consumer: string,
): Promise<{ held: number; parked: number }> {
  const [row] = await queries.run(heldCounts, [consumer]);
  return row ?? { held: 0, parked: 0 };
}
