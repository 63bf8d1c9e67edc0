import { Problem, type ProblemDocument, type Violation } from '../contract/problem.ts';
import type { Repairs } from '../contract/repairs.ts';
import type { Resource } from '../domain/catalogue.ts';
import { OpeningCalendar } from '../domain/working-hours.ts';
import type { CatalogueChange } from './catalogue-change.ts';
import { conflictOf, displacedHolds, proposalsFor } from './displaced.ts';
import type { RegionState } from './placement/region-state.ts';
import type { ResourceState } from './placement/resource-state.ts';
import type { Hold } from './placement/timeline.ts';
import { tryCatalogue } from './try-catalogue.ts';

/** Why it is refused, or what becomes of the bookings in its way. */
export type Judgement =
  { problem: ProblemDocument; repairs?: undefined } | { problem?: undefined; repairs: Repairs };

export const maxConflicts = 100;

/**
 * Judges a change by the catalogue as it is now: the api checked it against what it knew, which
 * may have been older. Bookings that would lose their place stop it unless it is forced; an absence
 * always counts, since a provider who is ill is ill. Memory is afterwards as it was.
 */
export function judgeCatalogue(
  state: RegionState,
  change: CatalogueChange,
  { now, region }: { now: number; region: string },
): Judgement {
  const objection = objectionTo(state, change, { now, region });
  if (objection !== undefined) return { problem: objection.document() };
  const touched = touchedResources(state, change);
  const before = new Set(displacedHolds(touched, { state, now }));
  const { displaced, repairs } = tryCatalogue(state, change, () => {
    const after = displacedHolds(touched, { state, now }).filter((hold) => !before.has(hold));
    return { displaced: after, repairs: repairsOf(state, after, now) };
  });
  const insists = change.kind === 'absence' || ('force' in change && change.force);
  if (displaced.length > 0 && !insists) {
    return { problem: futureBookings(displaced).document() };
  }
  return { repairs };
}

function repairsOf(state: RegionState, displaced: readonly Hold[], now: number): Repairs {
  return { moved: [], unresolved: displaced.map((hold) => proposalsFor(state, hold, now)) };
}

function futureBookings(displaced: readonly Hold[]): Problem {
  const detail = `${displaced.length} future bookings would be left without a place`;
  const conflicts = displaced.slice(0, maxConflicts).map(conflictOf);
  return new Problem('future-bookings', detail, { members: { conflicts } });
}

/** The resources whose bookings the change may displace; a change that only adds touches none. */
function touchedResources(state: RegionState, change: CatalogueChange): ResourceState[] {
  switch (change.kind) {
    case 'service-type': {
      const { code, active } = change.serviceType;
      return active ? [] : [...state.offering(code)];
    }
    case 'location': {
      const { id, active } = change.location;
      if (active) return [];
      return state.resourcesById().filter((resource) => resource.locations.has(id));
    }
    case 'resource':
      return known(state, change.resource.id);
    case 'absence':
      return known(state, change.absence.resourceId);
    case 'no-absence':
    case 'nothing':
      return [];
  }
}

function known(state: RegionState, id: string): ResourceState[] {
  const resource = state.resources.get(id);
  return resource === undefined ? [] : [resource];
}

function objectionTo(
  state: RegionState,
  change: CatalogueChange,
  { now, region }: { now: number; region: string },
): Problem | undefined {
  switch (change.kind) {
    case 'service-type':
      return undefined;
    case 'location':
      return objectionToMove(state, change.location, now);
    case 'resource':
      return violationsOf('the resource cannot be kept as it is', [
        ...unknownReferences(state, change.resource),
        ...foreignLocations(state, change.resource, region),
        ...unusableHours(change.resource),
      ]);
    case 'absence':
      return objectionToAbsence(state, change.absence.resourceId);
    case 'no-absence':
      return objectionToAbsence(state, change.resourceId);
    case 'nothing':
      return new Problem('not-found', 'there is nothing of that name');
  }
}

// A resource of another region never comes here: the command has gone there.
function objectionToAbsence(state: RegionState, resourceId: string): Problem | undefined {
  if (state.resources.has(resourceId)) return undefined;
  return new Problem('not-found', 'there is no such resource');
}

function violationsOf(detail: string, errors: Violation[]): Problem | undefined {
  if (errors.length === 0) return undefined;
  return new Problem('validation-failed', detail, { members: { errors } });
}

// Resources would have to change their owner together with what is booked on them.
function objectionToMove(
  state: RegionState,
  { id, region }: { id: string; region: string },
  now: number,
): Problem | undefined {
  if ((state.locations.get(id)?.region ?? region) === region) return undefined;
  const there = state.resourcesById().filter((resource) => resource.locations.has(id));
  if (there.length === 0) return undefined;
  const booked = there
    .flatMap(({ lanes }) => lanes.flatMap((lane) => [...lane.holds()]))
    .filter((hold) => hold.end > now);
  if (booked.length > 0) return futureBookings(booked);
  const message = 'cannot change while resources work there: give them other locations first';
  const errors = [{ pointer: '/region', code: 'region-in-use', message }];
  return violationsOf('the location stays in its region', errors);
}

function foreignLocations(
  state: RegionState,
  { locations }: Omit<Resource, 'lanes'>,
  region: string,
): Violation[] {
  return locations.flatMap((id, index) => {
    const other = state.locations.get(id)?.region ?? region;
    if (other === region) return [];
    const message = `${id} lies in region ${other}, not in ${region}`;
    return [{ pointer: `/locations/${index}`, code: 'another-region', message }];
  });
}

// A resource whose hours cannot be computed would keep its whole region from being loaded.
function unusableHours({ workingHours, breaks, timeZone }: Omit<Resource, 'lanes'>): Violation[] {
  try {
    new OpeningCalendar({ hours: workingHours, breaks, zone: timeZone });
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ pointer: '/working_hours', code: 'hours', message }];
  }
}

function unknownReferences(state: RegionState, resource: Omit<Resource, 'lanes'>): Violation[] {
  const serviceTypes = resource.serviceTypes
    .map((code, index) => ({ code, pointer: `/service_types/${index}` }))
    .filter(({ code }) => !state.serviceTypes.has(code))
    .map(({ code, pointer }) => ({
      pointer,
      code: 'unknown-service-type',
      message: `there is no service type ${code}`,
    }));
  const locations = resource.locations
    .map((id, index) => ({ id, pointer: `/locations/${index}` }))
    .filter(({ id }) => !state.locations.has(id))
    .map(({ id, pointer }) => ({
      pointer,
      code: 'unknown-location',
      message: `there is no location ${id}`,
    }));
  return [...serviceTypes, ...locations];
}
