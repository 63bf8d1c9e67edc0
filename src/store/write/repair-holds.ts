import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { AppointmentKey } from './repair-appointments.ts';

/** A hold's appointment, and the region whose row the caller has locked. */
export interface HoldPlace extends AppointmentKey {
  region: string;
}

// Holds are the owner's to change, under its fence. Who changes one for it raises the region's
// position in the same transaction: the owner's next commit then matches no row, and it loads
// again.
const outdated = `UPDATE regions r SET last_position = r.last_position + 1
  FROM held WHERE r.tenant_id = held.tenant_id AND r.region = held.region`;

const deleteStray = statement<{ appointment_id: string }>(
  'delete_stray_hold',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  held AS (
    DELETE FROM slot_holds h USING epoch
    WHERE h.tenant_id = $2 AND h.appointment_id = $3 AND h.region = $4 AND NOT EXISTS (
      SELECT FROM appointments a
      WHERE a.tenant_id = h.tenant_id AND a.appointment_id = h.appointment_id
        AND (a.origin <> 'api'
          OR a.state IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS') AND NOT a.historic))
    RETURNING h.tenant_id, h.appointment_id, h.region),
  outdated AS (${outdated})
  SELECT appointment_id FROM held`,
);

// What the last version with this slot and resource held, in the region of the resource. Whether it
// still fits, the overlap guard says: what meets another hold is not inserted.
const putBack = statement<{ appointment_id: string }>(
  'put_hold_back',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  held AS (
    INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id, busy_start_at,
      busy_end_at, buffer_before_seconds, buffer_after_seconds, location, service_type, pin)
    SELECT a.tenant_id, a.appointment_id, o.region, a.resource_id, v.lane_id, v.busy_start_at,
      v.busy_end_at, date_part('epoch', a.start_at - v.busy_start_at)::int,
      date_part('epoch', v.busy_end_at - a.end_at)::int,
      CASE WHEN a.location_known THEN a.location END, a.service_type,
      CASE WHEN a.requested_resource_id IS NULL THEN 'movable' ELSE 'pinned' END
    FROM epoch, appointments a
    JOIN resources o ON o.tenant_id = a.tenant_id AND o.resource_id = a.resource_id
    CROSS JOIN LATERAL (
      SELECT h.lane_id, h.busy_start_at, h.busy_end_at FROM appointment_history h
      WHERE h.tenant_id = a.tenant_id AND h.appointment_id = a.appointment_id
        AND h.lane_id IS NOT NULL AND h.start_at = a.start_at AND h.end_at = a.end_at
        AND h.resource_id = a.resource_id
      ORDER BY h.version DESC LIMIT 1) v
    JOIN lanes l ON l.lane_id = v.lane_id AND l.tenant_id = a.tenant_id
      AND l.resource_id = a.resource_id
    WHERE a.tenant_id = $2 AND a.appointment_id = $3 AND o.region = $4
      AND a.state IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS') AND NOT a.historic
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, appointment_id, region),
  outdated AS (${outdated}),
  moved AS (
    UPDATE appointments a SET region = held.region FROM held
    WHERE a.tenant_id = held.tenant_id AND a.appointment_id = held.appointment_id
      AND a.region <> held.region)
  SELECT appointment_id FROM held`,
);

const takePosition = statement<{ position: number }>(
  'take_region_position',
  `UPDATE regions SET last_position = last_position + 1
  WHERE tenant_id = $2 AND region = $3 AND assert_write_epoch($1)
  RETURNING last_position AS position`,
);

/** The next position of a region whose row the caller has locked; undefined without a row. */
export async function takeHoldPosition(
  queries: Queries,
  epoch: number,
  { tenant_id, region }: Pick<HoldPlace, 'tenant_id' | 'region'>,
): Promise<number | undefined> {
  return (await queries.run(takePosition, [epoch, tenant_id, region]))[0]?.position;
}

/** Deletes a hold that no booking has; false where it is somebody's, or elsewhere, by now. */
export async function deleteStrayHold(
  queries: Queries,
  epoch: number,
  { tenant_id, appointment_id, region }: HoldPlace,
): Promise<boolean> {
  const values = [epoch, tenant_id, appointment_id, region];
  return (await queries.run(deleteStray, values)).length === 1;
}

/** Holds again what a booking held; false where something else is there, or nothing is known. */
export async function putHoldBack(
  queries: Queries,
  epoch: number,
  { tenant_id, appointment_id, region }: HoldPlace,
): Promise<boolean> {
  const values = [epoch, tenant_id, appointment_id, region];
  return (await queries.run(putBack, values)).length === 1;
}
