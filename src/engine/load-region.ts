import type { Database } from '../io/postgres.ts';
import { readRegion, type HoldRow } from '../store/read/region.ts';
import { holdHorizon } from './hold-horizon.ts';
import { RegionState } from './placement/region-state.ts';
import type { Hold } from './placement/timeline.ts';

export interface LoadedRegion {
  state: RegionState;
  /** Appointments whose hold is on a lane that the region does not have. */
  strays: string[];
}

/**
 * Builds a region in memory. It is read in several statements, which only the region's owner may
 * change meanwhile: the caller reads the position first, and the fence refuses what is decided on
 * memory that a late commit of the owner's own has outdated.
 */
export async function loadRegion(
  database: Database,
  { tenantId, region }: { tenantId: string; region: string },
  nowSeconds: number,
): Promise<LoadedRegion> {
  const sinceS = await holdHorizon(database, { tenantId, region }, nowSeconds);
  const content = await readRegion(database, { tenantId, region, sinceS });
  const state = new RegionState();
  for (const serviceType of content.serviceTypes) state.putServiceType(serviceType);
  for (const location of content.locations) state.putLocation(location);
  for (const resource of content.resources) state.putResource(resource);
  for (const absence of content.absences) state.putAbsence(absence);
  // In order of time, each insertion is at the end of its timeline.
  content.holds.sort((a, b) => a.busy_start_s - b.busy_start_s);
  const lanes = new Set(content.resources.flatMap((resource) => resource.lanes));
  const strays: string[] = [];
  for (const row of content.holds) {
    // No booking can be placed on such a lane, so a region is better loaded without it than never.
    if (lanes.has(row.lane_id)) state.placeHold(holdOf(row));
    else strays.push(row.appointment_id);
  }
  return { state, strays };
}

function holdOf(row: HoldRow): Hold {
  return {
    appointmentId: row.appointment_id,
    laneId: row.lane_id,
    resourceId: row.resource_id,
    start: row.busy_start_s + row.buffer_before_seconds,
    end: row.busy_end_s - row.buffer_after_seconds,
    bufferBefore: row.buffer_before_seconds,
    bufferAfter: row.buffer_after_seconds,
    location: row.location ?? undefined,
    serviceType: row.service_type,
    pin: row.pin,
    moves: row.moves,
  };
}
