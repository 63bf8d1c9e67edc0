import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

const auditLag = statement<{ lag_s: number }>(
  'audit_lag',
  `SELECT coalesce(date_part('epoch', now() - min(since)), 0)::float8 AS lag_s FROM (
    SELECT l.appended_at AS since
    FROM consumer_cursors c
    JOIN outbox_shards s ON s.shard = c.shard AND s.last_position > c.position
    CROSS JOIN LATERAL (
      SELECT l.appended_at FROM event_log l WHERE l.shard = c.shard AND l.position > c.position
      ORDER BY l.position LIMIT 1) l
    WHERE c.consumer = 'audit'
    UNION ALL
    SELECT e.at FROM audit_unlinked u
    JOIN audit_entries e ON e.tenant_id = u.tenant_id AND e.entry_id = u.entry_id) waiting`,
);

const chainSizes = statement<ChainSize>(
  'audit_chain_sizes',
  `SELECT tenant_id, count(*)::int8 AS links, sum(cardinality(ids))::int8 AS entries
  FROM audit_links WHERE $1::text IS NULL OR tenant_id = $1 GROUP BY tenant_id`,
);

const linksAfter = statement<AuditLink>(
  'audit_links_after',
  `SELECT l.tenant_id, l.shard, l.seq, cardinality(l.ids) AS entries,
    encode(l.previous, 'hex') AS previous, encode(l.hash, 'hex') AS hash,
    l.hash = audit_link_hash(l) AS intact,
    floor(date_part('epoch', l.linked_at))::int8 AS linked_s
  FROM audit_links l
  WHERE ($1::text IS NULL OR l.tenant_id = $1) AND (l.tenant_id, l.shard, l.seq) > ($2, $3, $4)
  ORDER BY l.tenant_id, l.shard, l.seq LIMIT $5`,
);

// The first byte of a digest says which texts stand in it as commitments.
const wrongTransitions = statement<WrongEntry>(
  'audit_wrong_transitions',
  `SELECT l.shard, l.seq, e.id, e.version, CASE
      WHEN e.digest IS NULL AND h.version IS NULL THEN 'missing-when-linked'
      WHEN e.digest IS NULL THEN 'inserted'
      WHEN h.version IS NULL THEN 'missing'
      ELSE 'changed' END AS problem
  FROM audit_links l
  CROSS JOIN LATERAL unnest(l.ids, l.versions, l.digests) AS e (id, version, digest)
  LEFT JOIN appointment_history h ON h.tenant_id = l.tenant_id AND h.appointment_id = e.id
    AND h.version = e.version
  LEFT JOIN LATERAL (
    SELECT x.location_commitment, x.reason_commitment FROM erased_texts x
    WHERE get_byte(e.digest, 0) > 0 AND x.tenant_id = l.tenant_id AND x.appointment_id = e.id
      AND x.version = e.version) x ON true
  LEFT JOIN LATERAL (
    SELECT s.salt FROM appointments a JOIN audit_salts s ON s.tenant_id = a.tenant_id
      AND s.customer_id = a.customer_id AND s.shard = l.shard
    WHERE get_byte(e.digest, 0) > 0 AND a.tenant_id = l.tenant_id
      AND a.appointment_id = e.id) s ON true
  WHERE l.tenant_id = $1 AND l.shard = $2 AND l.seq BETWEEN $3 AND $4
    AND (h.version IS NULL OR e.digest IS DISTINCT FROM audit_digest(h,
      CASE WHEN get_byte(e.digest, 0) & 1 = 1 THEN
        coalesce(x.location_commitment, audit_commitment(s.salt, 'location', h.location)) END,
      CASE WHEN get_byte(e.digest, 0) & 2 = 2 THEN
        coalesce(x.reason_commitment, audit_commitment(s.salt, 'reason', h.reason)) END))
  ORDER BY l.seq, e.id, e.version`,
);

const wrongEntries = statement<WrongEntry>(
  'audit_wrong_entries',
  `SELECT l.shard, l.seq, e.id, e.version,
    CASE WHEN a.entry_id IS NULL THEN 'missing' ELSE 'changed' END AS problem
  FROM audit_links l
  CROSS JOIN LATERAL unnest(l.ids, l.versions, l.digests) AS e (id, version, digest)
  LEFT JOIN audit_entries a ON a.tenant_id = l.tenant_id AND a.entry_id = e.id
  WHERE l.tenant_id = $1 AND l.shard = $2 AND l.seq BETWEEN $3 AND $4
    AND (a.entry_id IS NULL OR e.digest IS DISTINCT FROM audit_digest(a))
  ORDER BY l.seq, e.id`,
);

// One statement and so one snapshot: a version on its way into a link is in one place of these.
// What nothing announces was not written by the service, or its link was taken away. A history that
// is older than the chain is neither.
const unlinked = statement<UnlinkedEntry>(
  'audit_unlinked_entries',
  `WITH linked AS (
    SELECT e.id, e.version FROM audit_links l
    CROSS JOIN LATERAL unnest(l.ids, l.versions) AS e (id, version) WHERE l.tenant_id = $1),
  unlinked AS MATERIALIZED (
    SELECT h.appointment_id AS id, h.version, h.at FROM appointment_history h
    WHERE h.tenant_id = $1 AND NOT EXISTS (
      SELECT FROM linked l WHERE l.id = h.appointment_id AND l.version = h.version)
    UNION ALL
    SELECT a.entry_id, 0, a.at FROM audit_entries a
    WHERE a.tenant_id = $1 AND NOT EXISTS (
      SELECT FROM linked l WHERE l.id = a.entry_id AND l.version = 0)),
  judged AS MATERIALIZED (
    SELECT u.*, CASE
      WHEN u.version = 0 THEN CASE WHEN EXISTS (
        SELECT FROM audit_unlinked n WHERE n.tenant_id = $1 AND n.entry_id = u.id)
        THEN 'waiting' ELSE 'unannounced' END
      WHEN EXISTS (
        SELECT FROM event_log l JOIN consumer_cursors c
          ON c.consumer = 'audit' AND c.shard = l.shard AND c.position < l.position
        WHERE l.tenant_id = $1 AND l.appointment_id = u.id AND l.version = u.version) THEN 'waiting'
      WHEN EXISTS (
        SELECT FROM outbox o WHERE o.shard = get_byte(uuid_send(u.id), 15) % 64
          AND o.tenant_id = $1 AND o.appointment_id = u.id AND o.version = u.version) THEN 'waiting'
      WHEN u.at < (SELECT applied_at FROM schema_migrations WHERE version = 8) THEN 'older'
      ELSE 'unannounced' END AS standing
    FROM unlinked u)
  SELECT standing, NULL::uuid AS id, NULL::int AS version, count(*)::int8 AS entries,
    date_part('epoch', now() - min(at))::float8 AS age_s
  FROM judged WHERE standing <> 'unannounced' GROUP BY standing
  UNION ALL
  (SELECT standing, id, version, 1, date_part('epoch', now() - at)::float8
    FROM judged WHERE standing = 'unannounced' ORDER BY id, version LIMIT $2)`,
);

export interface ChainSize {
  tenant_id: string;
  links: number;
  entries: number;
}

/** `shard` -1 is the chain of the admin entries. */
export interface AuditLink {
  tenant_id: string;
  shard: number;
  seq: number;
  entries: number;
  /** Hex, as below; empty in a chain's first link. */
  previous: string;
  hash: string;
  /** Its hash is that of what it says. */
  intact: boolean;
  linked_s: number;
}

export interface WrongEntry {
  shard: number;
  seq: number;
  /** Of an appointment, or of an admin entry whose version is 0. */
  id: string;
  version: number;
  problem: 'changed' | 'missing' | 'inserted' | 'missing-when-linked';
}

/** Entries that no link covers: counted, but for those that nothing announces. */
export interface UnlinkedEntry {
  standing: 'waiting' | 'older' | 'unannounced';
  id: string | null;
  version: number | null;
  entries: number;
  age_s: number;
}

export interface LinkRange {
  tenantId: string;
  shard: number;
  first: number;
  last: number;
}

/** The age in seconds of the oldest entry that no link covers yet; 0 where all are covered. */
export async function measureAudit(queries: Queries): Promise<number> {
  const [row] = await queries.run(auditLag);
  return row?.lag_s ?? 0;
}

/** How much there is to verify, per tenant. */
export function findChainSizes(queries: Queries, tenantId: string | null): Promise<ChainSize[]> {
  return queries.run(chainSizes, [tenantId]);
}

/** Links in order of tenant, shard and number, behind the one given. */
export function findLinksAfter(
  queries: Queries,
  tenantId: string | null,
  { after, limit }: { after: Pick<AuditLink, 'tenant_id' | 'shard' | 'seq'>; limit: number },
): Promise<AuditLink[]> {
  const { tenant_id, shard, seq } = after;
  return queries.run(linksAfter, [tenantId, tenant_id, shard, seq, limit]);
}

/** What is not as these links of one chain have it. */
export function findWrongEntries(queries: Queries, range: LinkRange): Promise<WrongEntry[]> {
  const { tenantId, shard, first, last } = range;
  const wrong = shard < 0 ? wrongEntries : wrongTransitions;
  return queries.run(wrong, [tenantId, shard, first, last]);
}

/** What no link of a tenant covers; of what nothing announces up to `limit` by name. */
export function findUnlinkedEntries(
  queries: Queries,
  tenantId: string,
  limit: number,
): Promise<UnlinkedEntry[]> {
  return queries.run(unlinked, [tenantId, limit]);
}
