import type { TenantQueries } from '../../io/tenant-reads.ts';
import { statement } from '../statement.ts';

/** What bookings are checked against, of one version. */
export interface CatalogueRow {
  version: number;
  settings: Record<string, unknown>;
  service_types: { code: string; active: boolean }[];
  locations: CatalogueLocation[];
  resources: { id: string; active: boolean; region: string }[];
  regions: string[];
}

export interface CatalogueLocation {
  id: string;
  name: string;
  time_zone: string;
  region: string;
  active: boolean;
}

// One statement sees one snapshot: the parts and the version belong together.
const wholeCatalogue = statement<CatalogueRow>(
  'whole_catalogue',
  `SELECT t.catalogue_version AS version, t.settings,
    coalesce((SELECT jsonb_agg(jsonb_build_object('code', s.code, 'active', s.active))
      FROM service_types s WHERE s.tenant_id = $1), '[]') AS service_types,
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', l.location_id, 'name', l.name,
        'time_zone', l.time_zone, 'region', l.region, 'active', l.active))
      FROM locations l WHERE l.tenant_id = $1), '[]') AS locations,
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', r.resource_id, 'active', r.active,
        'region', r.region))
      FROM resources r WHERE r.tenant_id = $1), '[]') AS resources,
    array(SELECT g.region FROM regions g WHERE g.tenant_id = $1) AS regions
  FROM tenants t WHERE t.tenant_id = $1`,
);

export async function loadCatalogue(
  queries: TenantQueries,
  tenantId: string,
): Promise<CatalogueRow | undefined> {
  const [row] = await queries.run(wholeCatalogue, [tenantId]);
  return row;
}

const catalogueVersion = statement<{ version: number }>(
  'catalogue_version',
  'SELECT catalogue_version AS version FROM tenants WHERE tenant_id = $1',
);

export async function findCatalogueVersion(
  queries: TenantQueries,
  tenantId: string,
): Promise<number | undefined> {
  const [row] = await queries.run(catalogueVersion, [tenantId]);
  return row?.version;
}

const catalogueReferences = statement<{
  kind: 'service-type' | 'location';
  id: string;
  region: string;
}>(
  'catalogue_references',
  `SELECT 'service-type' AS kind, code AS id, '' AS region FROM service_types
  WHERE tenant_id = $1 AND code = ANY ($2::text[])
  UNION ALL
  SELECT 'location', location_id, region FROM locations
  WHERE tenant_id = $1 AND location_id = ANY ($3::text[])`,
);

/** Which of the service types and locations exist, active or not; locations with their region. */
export async function findCatalogueReferences(
  queries: TenantQueries,
  wanted: { tenantId: string; serviceTypes: readonly string[]; locations: readonly string[] },
): Promise<{ serviceTypes: Set<string>; locations: Map<string, string> }> {
  const { tenantId, serviceTypes, locations } = wanted;
  const rows = await queries.run(catalogueReferences, [tenantId, serviceTypes, locations]);
  const found = { serviceTypes: new Set<string>(), locations: new Map<string, string>() };
  for (const { kind, id, region } of rows) {
    if (kind === 'service-type') found.serviceTypes.add(id);
    else found.locations.set(id, region);
  }
  return found;
}

interface Stamps {
  created_s: number;
  updated_s: number;
}

export interface ServiceTypeRow extends Stamps {
  code: string;
  name: string;
  active: boolean;
  travel: boolean;
}

export interface LocationRow extends Stamps {
  location_id: string;
  name: string;
  time_zone: string;
  latitude: number | null;
  longitude: number | null;
  region: string;
  active: boolean;
}

export interface ResourceRow extends Stamps {
  resource_id: string;
  region: string;
  name: string;
  service_types: string[];
  locations: string[];
  time_zone: string;
  working_hours: { days: string[]; start: string; end: string }[];
  breaks: { days: string[]; start: string; end: string }[];
  buffer_before_seconds: number;
  buffer_after_seconds: number;
  capacity: number;
  active: boolean;
  calendar_kind: 'none' | 'caldav' | null;
  calendar_url: string | null;
  calendar_username: string | null;
}

const stamps = `floor(date_part('epoch', created_at))::int8 AS created_s,
  floor(date_part('epoch', updated_at))::int8 AS updated_s`;

export interface OneOfCatalogue {
  tenantId: string;
  id: string;
}

/** By id; `after` is the last id of the page before, null for the first. */
export interface CataloguePage {
  after: string | null;
  limit: number;
}

/** The reads of one kind: one of it by id, and a page of all in order of id. */
function readsOf<Row>(kind: { name: string; table: string; id: string; columns: string }) {
  const { name, table, id: idColumn, columns } = kind;
  const byId = statement<Row>(
    `${name}_by_id`,
    `SELECT ${columns} FROM ${table} WHERE tenant_id = $1 AND ${idColumn} = $2`,
  );
  const byPage = statement<Row>(
    `${name}_page`,
    `SELECT ${columns} FROM ${table} WHERE tenant_id = $1 AND ${idColumn} > $2
    ORDER BY ${idColumn} LIMIT $3`,
  );
  return {
    find: async (
      queries: TenantQueries,
      { tenantId, id }: OneOfCatalogue,
    ): Promise<Row | undefined> => (await queries.run(byId, [tenantId, id]))[0],
    list: (queries: TenantQueries, tenantId: string, page: CataloguePage): Promise<Row[]> =>
      queries.run(byPage, [tenantId, page.after ?? '', page.limit]),
  };
}

export const { find: findServiceType, list: listServiceTypes } = readsOf<ServiceTypeRow>({
  ...{ name: 'service_type', table: 'service_types', id: 'code' },
  columns: `code, name, active, travel, ${stamps}`,
});

export const { find: findLocation, list: listLocations } = readsOf<LocationRow>({
  ...{ name: 'location', table: 'locations', id: 'location_id' },
  columns: `location_id, name, time_zone, latitude, longitude, region, active, ${stamps}`,
});

// A calendar's password does not leave the database this way.
export const { find: findResource, list: listResources } = readsOf<ResourceRow>({
  ...{ name: 'resource', table: 'resources', id: 'resource_id' },
  columns: `resource_id, region, name, service_types, locations, time_zone, working_hours, breaks,
    buffer_before_seconds, buffer_after_seconds, capacity, active, calendar ->> 'kind' AS
    calendar_kind, calendar ->> 'url' AS calendar_url,
    calendar ->> 'username' AS calendar_username, ${stamps}`,
});
