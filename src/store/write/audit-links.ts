import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

/** Where the chain follows the event log. */
export const auditConsumer = 'audit';

// The cursor's lock is the fence: whoever holds it is the only one to add to the shard's chains, so
// two relays that both take themselves for the owner cannot fork one. The next statement reads
// afresh. Erasing texts takes the same advisory lock alone.
const lockShards = statement<{ shard: number }>(
  'lock_audit_shards',
  `WITH ready AS MATERIALIZED (
    SELECT assert_write_epoch($1) AS writable, pg_advisory_xact_lock_shared(7305110905),
      set_config('enable_memoize', 'off', true))
  SELECT c.shard FROM ready, consumer_cursors c
  WHERE c.consumer = '${auditConsumer}' AND c.shard = ANY ($2)
  ORDER BY c.shard FOR UPDATE OF c SKIP LOCKED`,
);

// One look-up per appointment, not per version; OFFSET 0 keeps it a look-up. Digests are made of
// all rows as they are, and again of those with free text, with its commitments. A salt belongs to
// one shard, so that nobody else makes the same one meanwhile. A version without its row gets no
// digest.
const linkTransitions = statement<{ shard: number; linked: number }>(
  'link_transitions',
  `WITH read AS MATERIALIZED (
    SELECT c.shard, l.*
    FROM consumer_cursors c
    JOIN outbox_shards s ON s.shard = c.shard AND s.last_position > c.position
    CROSS JOIN LATERAL (
      SELECT l.position, l.tenant_id, l.appointment_id, l.version
      FROM event_log l WHERE l.shard = c.shard AND l.position > c.position
      ORDER BY l.position LIMIT $2) l
    WHERE c.consumer = '${auditConsumer}' AND c.shard = ANY ($1)),
  runs AS (
    SELECT shard, tenant_id, appointment_id, min(version) AS first, max(version) AS last
    FROM read GROUP BY shard, tenant_id, appointment_id),
  found AS MATERIALIZED (
    SELECT r.shard, r.tenant_id, r.appointment_id, v.*
    FROM runs r CROSS JOIN LATERAL (
      SELECT h.version, h.location, h.reason, audit_digest(h, NULL, NULL) AS digest
      FROM appointment_history h WHERE h.tenant_id = r.tenant_id
        AND h.appointment_id = r.appointment_id AND h.version BETWEEN r.first AND r.last
      ORDER BY h.version OFFSET 0) v),
  wordy AS MATERIALIZED (
    SELECT * FROM (
      SELECT f.shard, f.tenant_id, f.appointment_id, f.version, a.customer_id,
        CASE WHEN NOT EXISTS (SELECT FROM locations p
          WHERE p.tenant_id = f.tenant_id AND p.location_id = f.location)
          THEN f.location END AS location,
        CASE WHEN f.reason <> ALL ($3) THEN f.reason END AS reason
      FROM found f CROSS JOIN LATERAL (
        SELECT a.customer_id FROM appointments a
        WHERE a.tenant_id = f.tenant_id AND a.appointment_id = f.appointment_id OFFSET 0) a
      WHERE f.location IS NOT NULL OR f.reason IS NOT NULL) w
    WHERE w.location IS NOT NULL OR w.reason IS NOT NULL),
  known AS MATERIALIZED (
    SELECT c.*, s.salt
    FROM (SELECT DISTINCT tenant_id, customer_id, shard FROM wordy) c
    LEFT JOIN audit_salts s ON s.tenant_id = c.tenant_id AND s.customer_id = c.customer_id
      AND s.shard = c.shard),
  salted AS (
    INSERT INTO audit_salts (tenant_id, customer_id, shard, salt)
    SELECT tenant_id, customer_id, shard, uuid_send(gen_random_uuid()) FROM known
    WHERE salt IS NULL
    RETURNING tenant_id, customer_id, shard, salt),
  worded AS MATERIALIZED (
    SELECT w.tenant_id, w.appointment_id, w.version, v.digest
    FROM wordy w
    JOIN (SELECT * FROM known WHERE salt IS NOT NULL UNION ALL SELECT * FROM salted) k
      ON k.tenant_id = w.tenant_id AND k.customer_id = w.customer_id AND k.shard = w.shard
    CROSS JOIN LATERAL (
      SELECT audit_digest(h,
        coalesce(e.location_commitment, audit_commitment(k.salt, 'location', w.location)),
        coalesce(e.reason_commitment, audit_commitment(k.salt, 'reason', w.reason))) AS digest
      FROM appointment_history h LEFT JOIN erased_texts e ON e.tenant_id = h.tenant_id
        AND e.appointment_id = h.appointment_id AND e.version = h.version
      WHERE h.tenant_id = w.tenant_id AND h.appointment_id = w.appointment_id
        AND h.version = w.version OFFSET 0) v),
  entries AS (
    SELECT f.shard, f.tenant_id, f.appointment_id, f.version, coalesce(w.digest, f.digest) AS digest
    FROM found f LEFT JOIN worded w ON w.tenant_id = f.tenant_id
      AND w.appointment_id = f.appointment_id AND w.version = f.version
    UNION ALL
    SELECT DISTINCT r.shard, r.tenant_id, r.appointment_id, r.version, NULL::bytea FROM read r
    WHERE (SELECT count(*) FROM read) <> (SELECT count(*) FROM found) AND NOT EXISTS (
      SELECT FROM found f WHERE f.tenant_id = r.tenant_id
        AND f.appointment_id = r.appointment_id AND f.version = r.version)),
  grouped AS (
    SELECT tenant_id, shard, array_agg(appointment_id) AS ids, array_agg(version) AS versions,
      array_agg(digest) AS digests
    FROM entries GROUP BY tenant_id, shard),
  linked AS (${insertLinks('grouped')}),
  moved AS (
    SELECT shard, max(position) AS position, count(*) AS linked FROM read GROUP BY shard)
  UPDATE consumer_cursors c SET position = m.position
  FROM moved m WHERE c.consumer = '${auditConsumer}' AND c.shard = m.shard
  RETURNING c.shard, m.linked`,
);

// Entries are those of the admin chain, added to by whoever has locked shard 0.
const linkEntries = statement<{ linked: number }>(
  'link_audit_entries',
  `WITH read AS MATERIALIZED (
    DELETE FROM audit_unlinked u USING (
      SELECT tenant_id, entry_id FROM audit_unlinked LIMIT $1) n
    WHERE u.tenant_id = n.tenant_id AND u.entry_id = n.entry_id
    RETURNING u.tenant_id, u.entry_id),
  grouped AS (
    SELECT tenant_id, (-1)::int2 AS shard, array_agg(entry_id) AS ids,
      array_agg(0) AS versions, array_agg(digest) AS digests
    FROM (
      SELECT r.tenant_id, r.entry_id, audit_digest(e) AS digest
      FROM read r JOIN audit_entries e ON e.tenant_id = r.tenant_id AND e.entry_id = r.entry_id
      ORDER BY r.tenant_id, e.at, r.entry_id) o
    GROUP BY tenant_id),
  linked AS (${insertLinks('grouped')})
  SELECT count(*)::int8 AS linked FROM read`,
);

/** Adds a link to each chain for which `groups` has entries: behind its last one. */
function insertLinks(groups: string): string {
  return `
    INSERT INTO audit_links
    SELECT (l).tenant_id, (l).shard, (l).seq, (l).linked_at, (l).ids, (l).versions, (l).digests,
      (l).previous, audit_link_hash(l)
    FROM (
      SELECT ROW(g.tenant_id, g.shard, coalesce(last.seq, 0) + 1, now(), g.ids, g.versions,
        g.digests, coalesce(last.hash, '\\x'), '\\x')::audit_links AS l
      FROM ${groups} g LEFT JOIN LATERAL (
        SELECT a.seq, a.hash FROM audit_links a
        WHERE a.tenant_id = g.tenant_id AND a.shard = g.shard
        ORDER BY a.seq DESC LIMIT 1) last ON true) made`;
}

/**
 * Takes the chains of these shards for the rest of the transaction; answers those that nobody else
 * has. Throws SQLSTATE SW001 where writes are closed.
 */
export async function lockAuditShards(
  queries: Queries,
  epoch: number,
  shards: readonly number[],
): Promise<number[]> {
  const rows = await queries.run(lockShards, [epoch, shards]);
  return rows.map(({ shard }) => shard);
}

/**
 * Adds one link per tenant to the chains of locked shards, for up to `perShard` versions behind
 * what is linked. Answers how many versions were linked per shard.
 */
export function addTransitionLinks(
  queries: Queries,
  { shards, perShard }: { shards: readonly number[]; perShard: number },
  ownReasons: readonly string[],
): Promise<{ shard: number; linked: number }[]> {
  return queries.run(linkTransitions, [shards, perShard, ownReasons]);
}

/** Links up to `limit` admin entries, whoever's; answers how many. Needs the lock of shard 0. */
export async function addEntryLinks(queries: Queries, limit: number): Promise<number> {
  const [row] = await queries.run(linkEntries, [limit]);
  return row?.linked ?? 0;
}
