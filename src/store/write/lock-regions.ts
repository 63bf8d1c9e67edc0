import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

// What changes in several regions locks their rows before it looks: a batch in flight there has
// then committed, and a later one finds its fence moved. Resources before regions before the
// tenant, and regions in order of id, so that two changes wait for each other.
const regionsForUpdate = statement<never>(
  'lock_regions',
  `SELECT FROM regions WHERE tenant_id = $1 AND ($2::text[] IS NULL OR region = ANY($2))
  ORDER BY region FOR UPDATE`,
);
const resourceForUpdate = statement<{ region: string }>(
  'lock_resource',
  `SELECT region FROM resources WHERE tenant_id = $1 AND resource_id = $2 FOR UPDATE`,
);
const bumpRegions = statement<{ region: string; version: number }>(
  'bump_regions',
  `UPDATE regions SET catalogue_version = catalogue_version + 1 WHERE tenant_id = $1
  RETURNING region, catalogue_version AS version`,
);
const bookingColumns = `h.appointment_id, h.resource_id, date_part('epoch',
    h.busy_start_at + make_interval(secs => h.buffer_before_seconds))::int8 AS start_s,
  date_part('epoch', h.busy_end_at - make_interval(secs => h.buffer_after_seconds))::int8 AS end_s`;
const bookingsOfResource = statement<BookingRow>(
  'bookings_of_resource',
  `SELECT ${bookingColumns} FROM slot_holds h
  WHERE h.tenant_id = $1 AND h.region = $2 AND h.resource_id = $3
    AND h.busy_end_at - make_interval(secs => h.buffer_after_seconds) > to_timestamp($4)
  ORDER BY h.busy_start_at, h.appointment_id`,
);
const bookingsElsewhere = statement<BookingRow>(
  'bookings_elsewhere',
  `SELECT ${bookingColumns} FROM slot_holds h
  WHERE h.tenant_id = $1 AND h.region <> $2 AND h.service_type = $3
    AND h.busy_end_at - make_interval(secs => h.buffer_after_seconds) > to_timestamp($4)
  ORDER BY h.busy_start_at, h.appointment_id`,
);
// Holds that are over but not yet completed go with their resource.
const takeOverResource = statement<never>(
  'take_over_resource',
  `WITH outdated AS (
    UPDATE regions SET last_position = last_position + 1 WHERE tenant_id = $1 AND region = $3),
  held AS (
    UPDATE slot_holds SET region = $4
    WHERE tenant_id = $1 AND region = $3 AND resource_id = $2 RETURNING appointment_id)
  UPDATE appointments a SET region = $4 FROM held
  WHERE a.tenant_id = $1 AND a.appointment_id = held.appointment_id`,
);

/** A booking that stands in a change's way. */
export interface BookingRow {
  appointment_id: string;
  resource_id: string;
  start_s: number;
  end_s: number;
}

/** Locks the named regions of the tenant, or all of them. */
export async function lockRegions(
  queries: Queries,
  tenantId: string,
  regions?: readonly string[],
): Promise<void> {
  await queries.run(regionsForUpdate, [tenantId, regions ?? null]);
}

/** The region of a resource, which stays what it is until the transaction ends. */
export async function lockResource(
  queries: Queries,
  tenantId: string,
  resourceId: string,
): Promise<string | undefined> {
  return (await queries.run(resourceForUpdate, [tenantId, resourceId]))[0]?.region;
}

/** Makes every region's owner read service types and locations again; answers the versions. */
export async function bumpRegionCatalogues(
  queries: Queries,
  tenantId: string,
): Promise<Map<string, number>> {
  const rows = await queries.run(bumpRegions, [tenantId]);
  return new Map(rows.map(({ region, version }) => [region, version]));
}

export interface ResourcePlace {
  tenantId: string;
  resourceId: string;
  region: string;
}

/** What is booked on a resource and not over at `nowS`. */
export function findBookingsOfResource(
  queries: Queries,
  { tenantId, resourceId, region }: ResourcePlace,
  nowS: number,
): Promise<BookingRow[]> {
  return queries.run(bookingsOfResource, [tenantId, region, resourceId, nowS]);
}

/** What is booked of a service type in regions other than this one and not over at `nowS`. */
export function findBookingsElsewhere(
  queries: Queries,
  of: { tenantId: string; region: string; serviceType: string },
  nowS: number,
): Promise<BookingRow[]> {
  return queries.run(bookingsElsewhere, [of.tenantId, of.region, of.serviceType, nowS]);
}

/** Takes a resource out of the region `from`, whose owner then loads again. */
export async function takeResourceOver(
  queries: Queries,
  { tenantId, resourceId, region }: ResourcePlace,
  from: string,
): Promise<void> {
  await queries.run(takeOverResource, [tenantId, resourceId, from, region]);
}
