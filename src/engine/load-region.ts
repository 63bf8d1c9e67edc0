import type { Database } from '../io/postgres.ts';
import { readRegion, type HoldRow } from '../store/read/region.ts';
import { holdHorizonSeconds } from './config.ts';
import { RegionState } from './placement/region-state.ts';
import type { Hold } from './placement/timeline.ts';

/**
 * Builds a region in memory. Called by its owner only, and while it decides nothing, so what is
 * read in several statements cannot change in between.
 */
export async function loadRegion(
  database: Database,
  { tenantId, region }: { tenantId: string; region: string },
  nowSeconds: number,
): Promise<RegionState> {
  const sinceS = nowSeconds - holdHorizonSeconds;
  const content = await readRegion(database, { tenantId, region, sinceS });
  const state = new RegionState();
  for (const serviceType of content.serviceTypes) state.putServiceType(serviceType);
  for (const location of content.locations) state.putLocation(location);
  for (const resource of content.resources) state.putResource(resource);
  for (const absence of content.absences) state.putAbsence(absence);
  // In order of time, each insertion is at the end of its timeline.
  content.holds.sort((a, b) => a.busy_start_s - b.busy_start_s);
  for (const hold of content.holds) state.placeHold(holdOf(hold));
  return state;
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
