import { Problem, type Violation } from '../contract/problem.ts';
import type { Location, Resource, ServiceType } from '../domain/catalogue.ts';
import type { CatalogueOperation, Operation, PendingCommand } from '../domain/command.ts';
import type { RegionState } from './placement/region-state.ts';

/** A change of the catalogue, as a command carries it. */
export type CatalogueChange =
  | { kind: 'service-type'; serviceType: ServiceType }
  | { kind: 'location'; location: Location }
  | { kind: 'resource'; resource: Omit<Resource, 'lanes'> };

export function isCatalogueOperation(operation: Operation): operation is CatalogueOperation {
  return operation.startsWith('put-');
}

export function catalogueChange(command: PendingCommand): CatalogueChange {
  switch (command.operation) {
    case 'put-service-type':
      return { kind: 'service-type', serviceType: command.payload as ServiceType };
    case 'put-location':
      return { kind: 'location', location: command.payload as Location };
    case 'put-resource':
      return { kind: 'resource', resource: command.payload as Resource };
    default:
      throw new Error(`${command.operation} does not change the catalogue`);
  }
}

/**
 * What forbids the change, judged by the catalogue as it is now: the api checked it against what
 * it knew, which may have been older.
 */
export function catalogueObjection(
  state: RegionState,
  change: CatalogueChange,
): Problem | undefined {
  if (change.kind !== 'resource') return undefined;
  const errors = unknownReferences(state, change.resource);
  if (errors.length > 0) {
    return new Problem('validation-failed', 'the resource refers to what does not exist', {
      members: { errors },
    });
  }
  return undefined;
}

function unknownReferences(
  state: RegionState,
  resource: Omit<Resource, 'lanes'>,
): Violation[] {
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
