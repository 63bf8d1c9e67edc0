import type { Conflict } from '../contract/problem.ts';
import type { Repairs } from '../contract/repairs.ts';
import { formatInstant } from '../domain/slot.ts';
import { alternatives } from './placement/alternatives.ts';
import type { PlacementRequest } from './placement/demand.ts';
import { explain } from './placement/eligibility.ts';
import { place } from './placement/place.ts';
import type { RegionState } from './placement/region-state.ts';
import type { ResourceState } from './placement/resource-state.ts';
import type { Hold } from './placement/timeline.ts';

const maxProposals = 3;

/**
 * The bookings yet to come that their own resource could no longer take, by the catalogue as it is
 * in memory now: with the change that is being judged already applied.
 */
export function displacedHolds(
  resources: readonly ResourceState[],
  { state, now }: { state: RegionState; now: number },
): Hold[] {
  const displaced = resources.flatMap((resource) =>
    resource.lanes.flatMap((lane, ordinal) =>
      // A copy, because asking takes the hold out of its timeline for a moment.
      [...lane.holds()].filter((hold) => {
        if (hold.end <= now) return false;
        return ordinal >= resource.openLanes || isStopped(state, hold);
      }),
    ),
  );
  return displaced.sort(byTime);
}

function byTime(a: Hold, b: Hold): number {
  return a.start - b.start || (a.appointmentId < b.appointmentId ? -1 : 1);
}

function isStopped(state: RegionState, hold: Hold): boolean {
  const resource = state.resources.get(hold.resourceId);
  if (resource === undefined) return true;
  return without(state, hold, () => explain(state, requestOf(hold, true), resource)) !== null;
}

/** Where a displaced booking could go: another resource at its time, then other times. */
export function proposalsFor(
  state: RegionState,
  hold: Hold,
  now: number,
): Repairs['unresolved'][number] {
  const pinned = hold.pin === 'pinned' || hold.pin === 'started';
  const request = requestOf(hold, pinned);
  const found = without(state, hold, () => {
    const elsewhere = place(state, request, 0);
    const atItsTime =
      elsewhere.kind === 'placed' ? [{ ...request.slot, resourceId: elsewhere.resourceId }] : [];
    return [...atItsTime, ...alternatives(state, request, { now, limit: maxProposals })];
  });
  return {
    appointment_id: hold.appointmentId,
    proposals: found.slice(0, maxProposals).map(slotOfResource),
  };
}

export function conflictOf({ resourceId, start, end }: Hold): Conflict {
  return slotOfResource({ resourceId, start, end });
}

export function slotOfResource(of: { resourceId: string; start: number; end: number }): Conflict {
  return {
    resource_id: of.resourceId,
    start_time: formatInstant(of.start),
    end_time: formatInstant(of.end),
  };
}

/** Asks as if the booking were not there; memory is afterwards as it was. */
function without<T>(state: RegionState, hold: Hold, ask: () => T): T {
  state.removeHold(hold.appointmentId);
  try {
    return ask();
  } finally {
    state.placeHold(hold);
  }
}

function requestOf(hold: Hold, ownResource: boolean): PlacementRequest {
  return {
    serviceType: hold.serviceType,
    location: hold.location === undefined ? undefined : { kind: 'catalogue', id: hold.location },
    resourceId: ownResource ? hold.resourceId : undefined,
    slot: { start: hold.start, end: hold.end },
  };
}
