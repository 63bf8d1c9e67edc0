import type { Queries } from '../../io/postgres.ts';
import type { TenantQueries } from '../../io/tenant-reads.ts';
import { statement } from '../statement.ts';

/** A region as it is now, and whom to ask about it. */
export interface OwnedRegion {
  region: string;
  token: number;
  position: number;
  catalogueVersion: number;
  /** Undefined where nobody owns it, which may be for a moment. */
  owner: { processId: string; url: string | undefined } | undefined;
}

interface OwnerRow {
  region: string;
  token: number;
  position: number;
  catalogue_version: number;
  owner: string | null;
  internal_url: string | null;
}

// A resource works in its region alone, and a location has the resources of its region alone, so
// that what names both asks one region or none.
const regionOwners = statement<OwnerRow>(
  'region_owners',
  `SELECT r.region, r.token, r.last_position AS position, r.catalogue_version,
    p.process_id AS owner, p.internal_url
  FROM regions r LEFT JOIN processes p ON p.process_id = r.owner
  WHERE r.tenant_id = $1
    AND r.region IN (SELECT region FROM locations
      WHERE tenant_id = $1 AND ($2::text IS NULL OR location_id = $2))
    AND ($3::text IS NULL OR r.region IN (SELECT region FROM resources
      WHERE tenant_id = $1 AND resource_id = $3))`,
);
const enginesToCall = statement<{ process_id: string; internal_url: string }>(
  'engines_to_call',
  `SELECT process_id, internal_url FROM processes
  WHERE 'engine' = ANY(roles) AND internal_url IS NOT NULL AND process_id <> $1
    AND heartbeat_at > now() - make_interval(secs => $2)
  ORDER BY process_id`,
);

export interface Place {
  tenantId: string;
  locationId?: string | undefined;
  resourceId?: string | undefined;
}

/** The regions in which anything at the place can be booked, with their owners. */
export async function findRegionOwners(
  queries: TenantQueries,
  { tenantId, locationId, resourceId }: Place,
): Promise<OwnedRegion[]> {
  const values = [tenantId, locationId ?? null, resourceId ?? null];
  const rows = await queries.run(regionOwners, values);
  return rows.map(({ region, token, position, catalogue_version, owner, internal_url }) => ({
    ...{ region, token, position },
    catalogueVersion: catalogue_version,
    owner: owner === null ? undefined : { processId: owner, url: internal_url ?? undefined },
  }));
}

/** Engines of other processes that have lately shown to live, by process id. */
export async function findEngines(
  queries: Queries,
  { processId, seenWithinSeconds }: { processId: string; seenWithinSeconds: number },
): Promise<Map<string, string>> {
  const rows = await queries.run(enginesToCall, [processId, seenWithinSeconds]);
  return new Map(rows.map(({ process_id, internal_url }) => [process_id, internal_url]));
}
