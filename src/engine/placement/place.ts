import type { RefusalReason } from '../../domain/appointment.ts';
import type { Demand, PlacementRequest } from './demand.ts';
import { candidateEligibility, explain, isCapable } from './eligibility.ts';
import type { Rule } from './eligibility.ts';
import type { RegionState } from './region-state.ts';
import type { ResourceState } from './resource-state.ts';
import type { Room } from './room.ts';

export interface Conflict {
  resourceId: string;
  start: number;
  end: number;
}

export interface Placed {
  kind: 'placed';
  resourceId: string;
  laneId: number;
  /** Seconds, to be stored with the booking. */
  bufferBefore: number;
  bufferAfter: number;
}

export interface Refused {
  kind: 'refused';
  reason: RefusalReason;
  /** `rule`: a rule decided; `budget`: the search ended without finding room. */
  proof: 'rule' | 'clique' | 'budget';
  /** Up to ten bookings in the way, by resource and time. */
  conflicts: Conflict[];
}

export type Placement = Placed | Refused;

const MAX_CONFLICTS = 10;

/**
 * Places the request, or says why not; changes nothing. Best fit: the least idle time left around
 * it, then the resource with the fewest skills, so that versatile ones stay free, then by id.
 * The seed is part of every recorded decision; placing directly draws nothing from it.
 */
export function place(state: RegionState, request: PlacementRequest, _seed: number): Placement {
  let best: Candidate | undefined;
  for (const resource of candidates(state, request)) {
    const { room } = candidateEligibility(state, request, resource);
    if (room === undefined) continue;
    if (best === undefined || isBetter({ resource, room }, best)) best = { resource, room };
  }
  const laneId = best?.resource.resource.lanes[best.room.ordinal];
  if (best === undefined || laneId === undefined) {
    return state.answer(`refusal ${JSON.stringify(request)}`, () => refusal(state, request));
  }
  const { id, bufferBeforeSeconds, bufferAfterSeconds } = best.resource.resource;
  return {
    kind: 'placed',
    resourceId: id,
    laneId,
    bufferBefore: bufferBeforeSeconds,
    bufferAfter: bufferAfterSeconds,
  };
}

/** The resources that may be asked for: those with the skill, or the named one if it has it. */
export function candidates(state: RegionState, demand: Demand): readonly ResourceState[] {
  if (demand.resourceId === undefined) return state.offering(demand.serviceType);
  const named = state.resources.get(demand.resourceId);
  return named?.serviceTypes.has(demand.serviceType) === true ? [named] : [];
}

interface Candidate {
  resource: ResourceState;
  room: Room;
}

// Candidates come in order of id: of equals the first stays.
function isBetter(one: Candidate, other: Candidate): boolean {
  const { idleSeconds } = other.room;
  if (one.room.idleSeconds !== idleSeconds) return one.room.idleSeconds < idleSeconds;
  return one.resource.serviceTypes.size < other.resource.serviceTypes.size;
}

// In order of how far a request got: of all that stopped it, the last is the most telling.
const REASONS: readonly RefusalReason[] = [
  'no-capable-resource',
  'resource-inactive',
  'outside-hours',
  'absent',
  'calendar-busy',
  'no-room',
  'travel',
];

/** How far a request got that was refused for this reason. */
export function reasonRank(reason: string): number {
  return REASONS.findIndex((one) => one === reason);
}

function refusal(state: RegionState, request: PlacementRequest): Refused {
  let reached = 0;
  const full: ResourceState[] = [];
  for (const resource of candidates(state, request)) {
    if (!isCapable(state, request, resource)) continue;
    const rule = explain(state, request, resource);
    if (rule === null) continue;
    const reason = reasonOf(rule);
    reached = Math.max(reached, REASONS.indexOf(reason));
    if (reason === 'no-room' || reason === 'travel') full.push(resource);
  }
  return {
    kind: 'refused',
    reason: REASONS[reached] ?? 'no-capable-resource',
    proof: full.length > 0 ? 'budget' : 'rule',
    conflicts: conflictsOn(full, state, request),
  };
}

function reasonOf(rule: Rule): RefusalReason {
  switch (rule) {
    case 'service_type':
    case 'location':
      return 'no-capable-resource';
    case 'inactive':
      return 'resource-inactive';
    case 'hours':
    case 'break':
      return 'outside-hours';
    case 'absence':
      return 'absent';
    case 'calendar':
      return 'calendar-busy';
    case 'capacity':
      return 'no-room';
    case 'travel':
      return 'travel';
  }
}

function conflictsOn(
  resources: ResourceState[],
  state: RegionState,
  request: PlacementRequest,
): Conflict[] {
  const found: Conflict[] = [];
  for (const resource of resources) {
    const occupation = resource.occupation(request, request.slot);
    for (const lane of resource.lanes) {
      for (const { start, end } of lane.conflicts(occupation, state.compatible)) {
        found.push({ resourceId: resource.id, start, end });
        if (found.length === MAX_CONFLICTS) return found;
      }
    }
  }
  return found;
}
