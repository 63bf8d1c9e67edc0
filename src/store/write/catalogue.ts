import type { Location, Resource, ServiceType } from '../../domain/catalogue.ts';
import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

const putServiceType = statement<{ created: boolean }>(
  'put_service_type',
  `INSERT INTO service_types AS s (tenant_id, code, name, active, travel)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (tenant_id, code) DO UPDATE SET name = $3, active = $4, travel = $5,
    updated_at = now()
  RETURNING xmax = 0 AS created`,
);
const putLocation = statement<{ created: boolean }>(
  'put_location',
  `INSERT INTO locations (tenant_id, location_id, name, time_zone, latitude, longitude, region,
    active)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (tenant_id, location_id) DO UPDATE SET name = $3, time_zone = $4, latitude = $5,
    longitude = $6, region = $7, active = $8, updated_at = now()
  RETURNING xmax = 0 AS created`,
);
const addRegion = statement<never>(
  'add_region',
  `INSERT INTO regions (tenant_id, region) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
);
// A password is kept for the server and user that it was given for, and shown to no other.
const server = (calendar: string): string =>
  `ARRAY[substring(${calendar} ->> 'url' FROM '^[^/]*//[^/]*'), ${calendar} ->> 'username']`;
const putResource = statement<{ created: boolean }>(
  'put_resource',
  `INSERT INTO resources AS r (tenant_id, resource_id, region, name, service_types, locations,
    time_zone, working_hours, breaks, buffer_before_seconds, buffer_after_seconds, capacity, active,
    calendar)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb)
  ON CONFLICT (tenant_id, resource_id) DO UPDATE SET region = $3, name = $4, service_types = $5,
    locations = $6, time_zone = $7, working_hours = $8, breaks = $9, buffer_before_seconds = $10,
    buffer_after_seconds = $11, capacity = $12, active = $13, updated_at = now(),
    calendar = CASE WHEN $14::jsonb ->> 'passwordId' IS NULL AND ${server('$14::jsonb')}
        IS NOT DISTINCT FROM ${server('r.calendar')}
      THEN $14::jsonb || jsonb_build_object('passwordId', r.calendar ->> 'passwordId')
      ELSE $14::jsonb END
  RETURNING xmax = 0 AS created`,
);
// Lanes are only ever added: history and holds beyond a smaller capacity still name them.
const addLanes = statement<never>(
  'add_lanes',
  `INSERT INTO lanes (tenant_id, resource_id, ordinal)
  SELECT $1, $2, ordinal FROM generate_series(0, $3::int - 1) AS ordinal
  ON CONFLICT DO NOTHING`,
);
const lanesOfResource = statement<{ lane_id: number }>(
  'lanes_of_resource',
  `SELECT lane_id FROM lanes WHERE tenant_id = $1 AND resource_id = $2 ORDER BY ordinal`,
);
const bumpCatalogue = statement<never>(
  'bump_catalogue',
  `UPDATE tenants SET catalogue_version = catalogue_version + 1 WHERE tenant_id = $1`,
);

/** Writes the row; true where it is new. Runs inside the deciding transaction, as all below. */
export async function writeServiceType(
  queries: Queries,
  tenantId: string,
  type: ServiceType,
): Promise<boolean> {
  const values = [tenantId, type.code, type.name, type.active, type.travel];
  const [row] = await queries.run(putServiceType, values);
  return row?.created === true;
}

/** A region begins with the first location that names it; whoever is free then takes it. */
export async function writeLocation(
  queries: Queries,
  tenantId: string,
  location: Location,
): Promise<boolean> {
  const { id, name, timeZone, latitude, longitude, region, active } = location;
  await queries.run(addRegion, [tenantId, region]);
  const values = [
    tenantId,
    id,
    name,
    timeZone,
    latitude ?? null,
    longitude ?? null,
    region,
    active,
  ];
  const [row] = await queries.run(putLocation, values);
  return row?.created === true;
}

/** Writes the row and the lanes it lacks; answers all its lane ids by ordinal. */
export async function writeResource(
  queries: Queries,
  place: { tenantId: string; region: string },
  resource: Omit<Resource, 'lanes'>,
): Promise<{ created: boolean; lanes: number[] }> {
  const { tenantId, region } = place;
  const [row] = await queries.run(putResource, [
    tenantId,
    resource.id,
    region,
    resource.name,
    resource.serviceTypes,
    resource.locations,
    resource.timeZone,
    JSON.stringify(resource.workingHours),
    JSON.stringify(resource.breaks),
    resource.bufferBeforeSeconds,
    resource.bufferAfterSeconds,
    resource.capacity,
    resource.active,
    resource.calendar ? JSON.stringify(resource.calendar) : null,
  ]);
  await queries.run(addLanes, [tenantId, resource.id, resource.capacity]);
  const lanes = await queries.run(lanesOfResource, [tenantId, resource.id]);
  return { created: row?.created === true, lanes: lanes.map((lane) => lane.lane_id) };
}

/** Makes every api process notice that its copy of the catalogue is old. */
export async function bumpCatalogueVersion(queries: Queries, tenantId: string): Promise<void> {
  await queries.run(bumpCatalogue, [tenantId]);
}
