import { Problem } from '../contract/problem.ts';
import type { Queries } from '../io/postgres.ts';
import {
  findBookingsElsewhere,
  findBookingsOfResource,
  lockRegions,
  lockResource,
  takeResourceOver,
  type BookingRow,
} from '../store/write/lock-regions.ts';
import type { CatalogueChange } from './catalogue-change.ts';
import { slotOfResource } from './displaced.ts';
import { maxConflicts, type Judgement } from './judge-catalogue.ts';
import type { RegionState } from './placement/region-state.ts';

interface Decider {
  batch: { tenantId: string; region: string; decidedNow: number };
  judged: Judgement;
}

interface Across {
  judged: Judgement;
  takenFrom?: string;
}

/** Whether every region of the tenant has it in memory. */
export function isShared({ kind }: CatalogueChange): boolean {
  return kind === 'service-type' || kind === 'location';
}

/** The region whose owner must decide about the change, as the catalogue is now. */
export function regionOfChange(state: RegionState, change: CatalogueChange, own: string): string {
  if (change.kind === 'location') return state.locations.get(change.location.id)?.region ?? own;
  if (change.kind !== 'resource') return own;
  const regions = new Set(change.resource.locations.map((id) => state.locations.get(id)?.region));
  const [region] = regions;
  return regions.size === 1 ? (region ?? own) : own;
}

/**
 * What memory cannot know: what is booked in other regions. Inside the deciding transaction; the
 * rows of the regions concerned are locked, so that nothing is booked there meanwhile.
 */
export async function changeAcrossRegions(
  queries: Queries,
  change: CatalogueChange,
  decider: Decider,
): Promise<Across> {
  const { judged, batch } = decider;
  const { tenantId, region } = batch;
  switch (change.kind) {
    case 'service-type':
      await lockRegions(queries, tenantId);
      if (judged.problem || change.serviceType.active) return { judged };
      return { judged: await withBookingsElsewhere(queries, change, decider) };
    case 'location':
      await lockRegions(queries, tenantId);
      return { judged };
    case 'resource': {
      const from = (await lockResource(queries, tenantId, change.resource.id)) ?? region;
      await lockRegions(queries, tenantId, [region, from]);
      if (judged.problem || from === region) return { judged };
      return takeOver(queries, { resourceId: change.resource.id, from }, decider);
    }
    case 'absence':
    case 'no-absence':
    case 'nothing':
      await lockRegions(queries, tenantId, [region]);
      return { judged };
  }
}

async function withBookingsElsewhere(
  queries: Queries,
  { serviceType, force }: CatalogueChange & { kind: 'service-type' },
  { judged, batch }: Decider,
): Promise<Judgement> {
  const { tenantId, region, decidedNow } = batch;
  const of = { tenantId, region, serviceType: serviceType.code };
  const booked = await findBookingsElsewhere(queries, of, decidedNow);
  if (judged.problem || booked.length === 0) return judged;
  if (!force) return { problem: inTheWay(booked) };
  const { moved, unresolved } = judged.repairs;
  const more = booked.map(({ appointment_id }) => ({ appointment_id, proposals: [] }));
  return { repairs: { moved, unresolved: [...unresolved, ...more] } };
}

async function takeOver(
  queries: Queries,
  { resourceId, from }: { resourceId: string; from: string },
  { judged, batch: { tenantId, region, decidedNow } }: Decider,
): Promise<Across> {
  const there = { tenantId, resourceId, region: from };
  const booked = await findBookingsOfResource(queries, there, decidedNow);
  if (booked.length > 0) return { judged: { problem: inTheWay(booked) } };
  await takeResourceOver(queries, { tenantId, resourceId, region }, from);
  return { judged, takenFrom: from };
}

function inTheWay(booked: readonly BookingRow[]) {
  const conflicts = booked.slice(0, maxConflicts).map(({ resource_id, start_s, end_s }) => {
    return slotOfResource({ resourceId: resource_id, start: start_s, end: end_s });
  });
  const detail = `${booked.length} future bookings in another region would lose their place`;
  return new Problem('future-bookings', detail, { members: { conflicts } }).document();
}
