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

// A region is free when nobody owns it, its lease ran out, or its owner's session has ended. What
// is our own is renewed instead, however late: nobody has taken it, so what we know of it holds.
const acquireRegions = statement<LeaseRow>(
  'acquire_regions',
  `UPDATE regions r SET owner = $1, owner_session = $2, token = r.token + 1,
    lease_expires_at = now() + make_interval(secs => $3)
  FROM (
    SELECT tenant_id, region FROM regions
    WHERE owner IS NULL
      OR owner <> $1 AND (lease_expires_at < now() OR session_is_gone(owner_session))
    ORDER BY tenant_id, region FOR UPDATE SKIP LOCKED) free
  WHERE r.tenant_id = free.tenant_id AND r.region = free.region
  RETURNING r.tenant_id, r.region, r.token, r.last_position`,
);
const renewRegions = statement<LeaseRow>(
  'renew_regions',
  `UPDATE regions SET owner_session = $2, lease_expires_at = now() + make_interval(secs => $3)
  WHERE owner = $1 RETURNING tenant_id, region, token, last_position`,
);
const releaseRegions = statement<never>(
  'release_regions',
  `UPDATE regions SET owner = NULL, owner_session = NULL, lease_expires_at = '-infinity'
  WHERE owner = $1`,
);
const regionPosition = statement<{ last_position: number; catalogue_version: number }>(
  'region_position',
  `SELECT last_position, catalogue_version FROM regions WHERE tenant_id = $1 AND region = $2 AND token = $3`,
);

/** Takes every region that is free. The new token fences whoever held it before. */
export async function acquireFreeRegions(
  queries: Queries,
  holder: LeaseHolder,
): Promise<RegionLease[]> {
  const { processId, sessionKey, leaseSeconds } = holder;
  return toLeases(await queries.run(acquireRegions, [processId, sessionKey, leaseSeconds]));
}

/** Extends what this process still owns, and says what that is. */
export async function renewOwnRegions(
  queries: Queries,
  { processId, sessionKey, leaseSeconds }: LeaseHolder,
): Promise<RegionLease[]> {
  return toLeases(await queries.run(renewRegions, [processId, sessionKey, leaseSeconds]));
}

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
