import type { Absence, Location, Resource, ServiceType } from '../../domain/catalogue.ts';
import type { WorkingHours } from '../../domain/working-hours.ts';
import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface HoldRow {
  appointment_id: string;
  resource_id: string;
  lane_id: number;
  busy_start_s: number;
  busy_end_s: number;
  buffer_before_seconds: number;
  buffer_after_seconds: number;
  location: string | null;
  service_type: string;
  pin: 'tentative' | 'movable' | 'notified' | 'pinned' | 'started';
  moves: number;
}

/** All that the owner of a region must know. */
export interface RegionContent {
  serviceTypes: ServiceType[];
  locations: Location[];
  resources: Resource[];
  absences: Absence[];
  holds: HoldRow[];
}

const serviceTypesOfTenant = statement<ServiceType>(
  'region_service_types',
  `SELECT code, name, active, travel FROM service_types WHERE tenant_id = $1 ORDER BY code`,
);
const locationsOfTenant = statement<Location>(
  'region_locations',
  `SELECT location_id AS id, name, time_zone AS "timeZone", latitude, longitude, region, active
  FROM locations WHERE tenant_id = $1 ORDER BY location_id`,
);

interface ResourceRow extends Omit<Resource, 'workingHours' | 'breaks'> {
  workingHours: WorkingHours;
  breaks: WorkingHours;
}

const resourcesOfRegion = statement<ResourceRow>(
  'region_resources',
  `SELECT r.resource_id AS id, r.name, r.service_types AS "serviceTypes", r.locations,
    r.time_zone AS "timeZone", r.working_hours AS "workingHours", r.breaks,
    r.buffer_before_seconds AS "bufferBeforeSeconds",
    r.buffer_after_seconds AS "bufferAfterSeconds", r.capacity, r.active, r.calendar,
    array(SELECT l.lane_id FROM lanes l
      WHERE l.tenant_id = r.tenant_id AND l.resource_id = r.resource_id
      ORDER BY l.ordinal) AS lanes
  FROM resources r WHERE r.tenant_id = $1 AND r.region = $2 ORDER BY r.resource_id`,
);
const absencesOfRegion = statement<Absence>(
  'region_absences',
  `SELECT a.absence_id AS id, a.resource_id AS "resourceId",
    date_part('epoch', a.start_at)::int8 AS start, date_part('epoch', a.end_at)::int8 AS end,
    a.source
  FROM absences a JOIN resources r
    ON r.tenant_id = a.tenant_id AND r.resource_id = a.resource_id
  WHERE a.tenant_id = $1 AND r.region = $2 AND a.deleted_at IS NULL
    AND a.end_at > to_timestamp($3)`,
);
const holdsOfRegion = statement<HoldRow>(
  'region_holds',
  `SELECT appointment_id, resource_id, lane_id,
    date_part('epoch', busy_start_at)::int8 AS busy_start_s,
    date_part('epoch', busy_end_at)::int8 AS busy_end_s,
    buffer_before_seconds, buffer_after_seconds, location, service_type, pin, moves
  FROM slot_holds WHERE tenant_id = $1 AND region = $2 AND busy_end_at > to_timestamp($3)`,
);

/** What every region's owner knows of its tenant. */
export async function readSharedCatalogue(
  queries: Queries,
  tenantId: string,
): Promise<Pick<RegionContent, 'serviceTypes' | 'locations'>> {
  return {
    serviceTypes: await queries.run(serviceTypesOfTenant, [tenantId]),
    locations: await queries.run(locationsOfTenant, [tenantId]),
  };
}

/** A region as of now: its catalogue, and what ends after `sinceS` (epoch seconds). */
export async function readRegion(
  queries: Queries,
  { tenantId, region, sinceS }: { tenantId: string; region: string; sinceS: number },
): Promise<RegionContent> {
  return {
    ...(await readSharedCatalogue(queries, tenantId)),
    resources: (await queries.run(resourcesOfRegion, [tenantId, region])).map(withNumericLanes),
    absences: await queries.run(absencesOfRegion, [tenantId, region, sinceS]),
    holds: await queries.run(holdsOfRegion, [tenantId, region, sinceS]),
  };
}

// The driver's parser for arrays of int8 is not ours: it answers text.
function withNumericLanes(row: ResourceRow): Resource {
  return { ...row, lanes: row.lanes.map(Number) };
}

const regionOfResource = statement<{ region: string }>(
  'region_of_resource',
  'SELECT region FROM resources WHERE tenant_id = $1 AND resource_id = $2',
);

/** Where a resource works, if there is one of that id. */
export async function findRegionOf(
  queries: Queries,
  { tenantId, id }: { tenantId: string; id: string },
): Promise<string | undefined> {
  const [row] = await queries.run(regionOfResource, [tenantId, id]);
  return row?.region;
}

const anyResource = statement<{ present: boolean }>(
  'any_resource',
  `SELECT EXISTS (SELECT FROM resources) AS present`,
);

export async function hasAnyResource(queries: Queries): Promise<boolean> {
  const [row] = await queries.run(anyResource);
  return row?.present === true;
}
