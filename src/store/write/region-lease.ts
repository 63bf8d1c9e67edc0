import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface RegionLease {
  tenantId: string;
  region: string;
  /** Grows with every change of owner; each writing statement of the owner checks it. */
  token: number;
  lastPosition: number;
}

export interface LeaseHolder {
  processId: string;
  sessionKey: number | null;
  leaseSeconds: number;
}

interface LeaseRow {
  tenant_id: string;
  region: string;
  token: number;
  last_position: number;
}

// The engines that are there: this one, and those that have lately said so and whose session lives.
const enginesThere = `
  SELECT $1::uuid AS process_id
  UNION SELECT process_id FROM processes
  WHERE engine_lease_expires_at > now() AND NOT session_is_gone(session_key)`;

// A region is free when nobody owns it, its lease ran out, or its owner's session has ended. What
// is our own is renewed instead, however late: nobody has taken it, so what we know of it holds.
// A share is rounded up, so that all shares together are never less than all regions.
const acquireRegions = statement<LeaseRow>(
  'acquire_regions',
  `WITH engines AS MATERIALIZED (${enginesThere}),
  room AS MATERIALIZED (
    SELECT greatest(0, ceil(count(*)::numeric / (SELECT count(*) FROM engines))
      - count(*) FILTER (WHERE owner = $1))::bigint AS regions
    FROM regions)
  UPDATE regions r SET owner = $1, owner_session = $2, token = r.token + 1,
    lease_expires_at = now() + make_interval(secs => $3)
  FROM (
    SELECT tenant_id, region FROM regions
    WHERE owner IS NULL
      OR owner <> $1 AND (lease_expires_at < now() OR session_is_gone(owner_session))
    ORDER BY tenant_id, region LIMIT (SELECT regions FROM room) FOR UPDATE SKIP LOCKED) free
  WHERE r.tenant_id = free.tenant_id AND r.region = free.region
  RETURNING r.tenant_id, r.region, r.token, r.last_position`,
);
// Rows are locked in the order in which changes across regions lock them.
const renewRegions = statement<LeaseRow>(
  'renew_regions',
  `WITH here AS (
    UPDATE processes SET engine_lease_expires_at = now() + make_interval(secs => $3)
    WHERE process_id = $1)
  UPDATE regions r SET owner_session = $2, lease_expires_at = now() + make_interval(secs => $3)
  FROM (
    SELECT tenant_id, region FROM regions WHERE owner = $1
    ORDER BY tenant_id, region FOR UPDATE) own
  WHERE r.tenant_id = own.tenant_id AND r.region = own.region
  RETURNING r.tenant_id, r.region, r.token, r.last_position`,
);
// More than the share rounded up, or one more than it rounded down while somebody has less.
const surplusRegions = statement<{ surplus: number }>(
  'surplus_regions',
  `WITH owned AS MATERIALIZED (
    SELECT e.process_id, count(r.owner) AS regions FROM (${enginesThere}) e
    LEFT JOIN regions r ON r.owner = e.process_id GROUP BY e.process_id),
  share AS (
    SELECT count(*)::numeric / (SELECT count(*) FROM owned) AS regions FROM regions)
  SELECT greatest(o.regions - ceil(s.regions), CASE WHEN o.regions > floor(s.regions)
    AND (SELECT min(regions) FROM owned) < floor(s.regions) THEN 1 ELSE 0 END)::int8 AS surplus
  FROM owned o, share s WHERE o.process_id = $1`,
);
const releaseRegions = statement<never>(
  'release_regions',
  `WITH gone AS (
    UPDATE processes SET engine_lease_expires_at = '-infinity' WHERE process_id = $1)
  UPDATE regions SET owner = NULL, owner_session = NULL, lease_expires_at = '-infinity'
  WHERE owner = $1`,
);
const releaseOne = statement<never>(
  'release_region',
  `UPDATE regions SET owner = NULL, owner_session = NULL, lease_expires_at = '-infinity'
  WHERE owner = $1 AND tenant_id = $2 AND region = $3 AND token = $4`,
);
const regionPosition = statement<{ last_position: number; catalogue_version: number }>(
  'region_position',
  `SELECT last_position, catalogue_version FROM regions WHERE tenant_id = $1 AND region = $2 AND token = $3`,
);

/**
 * Takes free regions, as many as are missing to this process's share among the engines that are
 * there. The new token fences whoever held a region before.
 */
export async function acquireFreeRegions(
  queries: Queries,
  holder: LeaseHolder,
): Promise<RegionLease[]> {
  const { processId, sessionKey, leaseSeconds } = holder;
  return toLeases(await queries.run(acquireRegions, [processId, sessionKey, leaseSeconds]));
}

/**
 * Extends what this process still owns, and says what that is. From then on, and for as long, other
 * engines leave this one its share.
 */
export async function renewOwnRegions(
  queries: Queries,
  { processId, sessionKey, leaseSeconds }: LeaseHolder,
): Promise<RegionLease[]> {
  return toLeases(await queries.run(renewRegions, [processId, sessionKey, leaseSeconds]));
}

/** How many regions this process should leave to engines that have fewer. */
export async function countSurplusRegions(queries: Queries, processId: string): Promise<number> {
  const [row] = await queries.run(surplusRegions, [processId]);
  return row?.surplus ?? 0;
}

/** Lets others have a region whose loop has ended. */
export async function releaseRegion(
  queries: Queries,
  processId: string,
  { tenantId, region, token }: RegionLease,
): Promise<void> {
  await queries.run(releaseOne, [processId, tenantId, region, token]);
}

/** Lets others have all of them, and leaves no share for this process. */
export async function releaseOwnRegions(queries: Queries, processId: string): Promise<void> {
  await queries.run(releaseRegions, [processId]);
}

/** What a region's memory must be of to be decided on. */
export interface RegionPosition {
  /** The last committed decision; others add to it when they change what is held here. */
  position: number;
  /** Counts the changes of the tenant's service types and locations. */
  catalogueVersion: number;
}

/** Where the region is under this lease, or undefined where the lease is lost. */
export async function readPosition(
  queries: Queries,
  lease: RegionLease,
): Promise<RegionPosition | undefined> {
  const values = [lease.tenantId, lease.region, lease.token];
  const [row] = await queries.run(regionPosition, values);
  if (row === undefined) return undefined;
  return { position: row.last_position, catalogueVersion: row.catalogue_version };
}

function toLeases(rows: LeaseRow[]): RegionLease[] {
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    region: row.region,
    token: row.token,
    lastPosition: row.last_position,
  }));
}
