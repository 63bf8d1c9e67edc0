import type { ProblemCode } from '../contract/problem.ts';
import { Problem, type Violation } from '../contract/problem.ts';
import type { CatalogueLocation } from '../store/read/catalogue.ts';
import type { Catalogue } from './catalogue-cache.ts';

/** What a request names of the catalogue. */
export interface References {
  serviceType: string;
  location: string | null;
  resourceId: string | null;
}

export interface ReferenceViolation extends Violation {
  code: ProblemCode;
}

export type ResolvedLocation =
  | { kind: 'none' }
  | { kind: 'catalogue'; location: CatalogueLocation }
  | { kind: 'free'; text: string };

export interface ResolveOptions {
  /** Says where a member stands: a pointer into the body, or a parameter of the query. */
  place(member: 'service_type' | 'location' | 'resource_id'): Omit<Violation, 'code' | 'message'>;
  /** Whether a location must be in the catalogue, whatever the tenant lets bookings say. */
  knownLocationsOnly: boolean;
}

/** Finds what the request names; all that is unknown, inactive or ambiguous at once. */
export function resolveReferences(
  catalogue: Catalogue,
  { serviceType, location, resourceId }: References,
  { place, knownLocationsOnly }: ResolveOptions,
): { violations: ReferenceViolation[]; location: ResolvedLocation } {
  const violations: ReferenceViolation[] = [];
  if (catalogue.serviceTypes.get(serviceType) !== true) {
    const message = 'is not an active service type';
    violations.push({ ...place('service_type'), code: 'unknown-service-type', message });
  }
  const found =
    location === null ? noLocation : resolveLocation(catalogue, location, { knownLocationsOnly });
  if ('code' in found) violations.push({ ...place('location'), ...found });
  if (resourceId !== null && catalogue.resources.get(resourceId)?.active !== true) {
    const message = 'is not an active resource';
    violations.push({ ...place('resource_id'), code: 'unknown-resource', message });
  }
  return { violations, location: 'code' in found ? noLocation : found };
}

/** Why a text names no location. */
export type LocationFault = { code: ProblemCode; message: string };

const noLocation: ResolvedLocation = { kind: 'none' };
const unknownLocation: LocationFault = {
  code: 'unknown-location',
  message: 'is neither the id nor the name of an active location',
};
const ambiguousLocation: LocationFault = {
  code: 'ambiguous-location',
  message: 'is the name of several locations: give the id',
};

/** An id goes before a name; a name may be shared with locations that are closed. */
export function resolveLocation(
  catalogue: Catalogue,
  text: string,
  { knownLocationsOnly }: { knownLocationsOnly: boolean },
): ResolvedLocation | LocationFault {
  const byId = catalogue.locations.get(text);
  const namesakes = byId === undefined ? (catalogue.locationsByName.get(text) ?? []) : [byId];
  if (namesakes.length === 0) {
    const mustBeKnown = knownLocationsOnly || catalogue.rejectsUnknownLocations;
    return mustBeKnown ? unknownLocation : { kind: 'free', text };
  }
  const [location, ...others] = namesakes.filter(({ active }) => active);
  if (location === undefined) return unknownLocation;
  return others.length > 0 ? ambiguousLocation : { kind: 'catalogue', location };
}

/** The 422 of a request that names what does not exist; its code is that of the first fault. */
export function referenceProblem(violations: readonly ReferenceViolation[]): Problem {
  const [first] = violations;
  if (first === undefined) throw new Error('a problem needs a violation');
  const place = first.pointer ?? first.parameter ?? '';
  const detail = `${place.replace(/^\//, '')} ${first.message}`;
  return new Problem(first.code, detail, { members: { errors: [...violations] } });
}
