import { Problem, type ProblemDocument, type Violation } from '../contract/problem.ts';
import type { Repairs } from '../contract/repairs.ts';
import type { Location, Resource } from '../domain/catalogue.ts';
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

const maxConflicts = 100;

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
  const objection = objectionTo(state, change, region);
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
  region: string,
): Problem | undefined {
  switch (change.kind) {
    case 'service-type':
    case 'no-absence':
      return undefined;
    case 'location':
      return violationsOf('the location cannot be served', foreignRegion(change.location, region));
    case 'resource':
      return violationsOf('the resource cannot be kept as it is', [
        ...unknownReferences(state, change.resource),
        ...unusableHours(change.resource),
      ]);
    case 'absence':
      if (state.resources.has(change.absence.resourceId)) return undefined;
      return new Problem('not-found', 'there is no such resource in this region');
    case 'nothing':
      return new Problem('not-found', 'there is nothing of that name');
  }
}

function violationsOf(detail: string, errors: Violation[]): Problem | undefined {
  if (errors.length === 0) return undefined;
  return new Problem('validation-failed', detail, { members: { errors } });
}

function foreignRegion(location: Location, region: string): Violation[] {
  if (location.region === region) return [];
  const message = `must be ${region}: there is one region for now`;
  return [{ pointer: '/region', code: 'not-available-yet', message }];
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
