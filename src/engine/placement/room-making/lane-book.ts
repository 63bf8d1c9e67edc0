import type { PlacementRequest } from '../demand.ts';
import { couldServe } from '../eligibility.ts';
import { candidates } from '../place.ts';
import type { RegionState } from '../region-state.ts';
import type { ResourceState } from '../resource-state.ts';
import { isStorable } from '../room.ts';
import type { Hold, Timeline } from '../timeline.ts';

export interface BookLane {
  laneId: number;
  resource: ResourceState;
  timeline: Timeline;
}

const MAX_KEPT = 50_000;

/**
 * The lanes of a region by number, and which of them could serve a booking. On a full day the same
 * bookings are asked about by one search after the other, so the answers are kept for as long as
 * the catalogue and the absences stay as they are.
 */
export class LaneBook {
  /** In order of resource, then ordinal. */
  readonly lanes: readonly BookLane[];
  readonly #state: RegionState;
  readonly #firstLane = new Map<ResourceState, number>();
  readonly #kept = new Map<string, { hold: Hold; lanes: Int32Array }>();

  constructor(state: RegionState) {
    this.#state = state;
    const lanes: BookLane[] = [];
    for (const resource of state.resourcesById()) {
      this.#firstLane.set(resource, lanes.length);
      resource.lanes.forEach((timeline, ordinal) => {
        const laneId = resource.resource.lanes[ordinal];
        if (laneId !== undefined) lanes.push({ laneId, resource, timeline });
      });
    }
    this.lanes = lanes;
  }

  static of(state: RegionState): LaneBook {
    return state.standing(() => new LaneBook(state));
  }

  /** The lanes that could serve the request if nothing were booked, in order. */
  lanesFor(request: PlacementRequest): Int32Array {
    const lanes: number[] = [];
    for (const resource of candidates(this.#state, request)) {
      if (!couldServe(this.#state, request, resource)) continue;
      if (!isStorable(resource.occupation(request, request.slot))) continue;
      const first = this.#firstLane.get(resource) ?? NaN;
      for (let i = 0; i < resource.openLanes; i += 1) lanes.push(first + i);
    }
    return Int32Array.from(lanes);
  }

  /** As `lanesFor`, for what was asked when the booking was made. */
  lanesForHold(hold: Hold): Int32Array {
    const kept = this.#kept.get(hold.appointmentId);
    if (kept !== undefined && asksTheSame(kept.hold, hold)) return kept.lanes;
    const lanes = this.lanesFor(requestOf(hold));
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(hold.appointmentId, { hold, lanes });
    return lanes;
  }
}

/**
 * What is asked for a booking as if it were placed afresh. One at a place outside the catalogue is
 * asked for without a location, which is a little more than its customer asked for: the resource
 * must work at some location that is active.
 */
export function requestOf({ serviceType, location: id, start, end }: Hold): PlacementRequest {
  const location = id === undefined ? undefined : { kind: 'catalogue' as const, id };
  return { serviceType, location, slot: { start, end } };
}

function asksTheSame(one: Hold, other: Hold): boolean {
  return (
    one.start === other.start &&
    one.end === other.end &&
    one.serviceType === other.serviceType &&
    one.location === other.location
  );
}
