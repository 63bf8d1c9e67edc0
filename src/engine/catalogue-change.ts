import type { Absence, Location, Resource, ServiceType } from '../domain/catalogue.ts';
import type { CatalogueOperation, Operation, PendingCommand } from '../domain/command.ts';
import type { RegionState } from './placement/region-state.ts';

/** A change of what the region's owner decides by, as it will be written. */
export type CatalogueChange =
  | { kind: 'service-type'; serviceType: ServiceType; force: boolean }
  | { kind: 'location'; location: Location; force: boolean }
  | { kind: 'resource'; resource: Omit<Resource, 'lanes'>; force: boolean }
  | { kind: 'absence'; absence: Absence; reason: string | null }
  | { kind: 'no-absence'; absenceId: string; resourceId: string }
  /** What was to be deactivated is not there. */
  | { kind: 'nothing' };

const operations: Record<CatalogueOperation, true> = {
  'put-service-type': true,
  'put-location': true,
  'put-resource': true,
  'deactivate-service-type': true,
  'deactivate-location': true,
  'deactivate-resource': true,
  'add-absence': true,
  'remove-absence': true,
};

export function isCatalogueOperation(operation: Operation): operation is CatalogueOperation {
  return Object.hasOwn(operations, operation);
}

interface Put<Value> {
  value: Value;
  force?: boolean;
}

interface Named {
  id: string;
  force?: boolean;
}

/** Reads a command; a deactivation is the put of what is there, made inactive. */
export function catalogueChange(state: RegionState, command: PendingCommand): CatalogueChange {
  const { operation, payload } = command;
  if (!isCatalogueOperation(operation)) throw new Error(`${operation} is no change of catalogue`);
  switch (operation) {
    case 'put-service-type': {
      const { value, force = false } = payload as Put<ServiceType>;
      return { kind: 'service-type', serviceType: value, force };
    }
    case 'put-location': {
      const { value, force = false } = payload as Put<Location>;
      return { kind: 'location', location: value, force };
    }
    case 'put-resource': {
      const { value, force = false } = payload as Put<Resource>;
      return { kind: 'resource', resource: value, force };
    }
    case 'deactivate-service-type':
    case 'deactivate-location':
    case 'deactivate-resource':
      return deactivation(state, operation, payload as Named);
    case 'add-absence': {
      const {
        id,
        resourceId,
        start,
        end,
        reason = null,
      } = payload as Absence & {
        reason?: string | null;
      };
      return { kind: 'absence', absence: { id, resourceId, start, end }, reason };
    }
    case 'remove-absence': {
      const { id, resourceId } = payload as { id: string; resourceId: string };
      return { kind: 'no-absence', absenceId: id, resourceId };
    }
  }
}

/**
 * The resource that a command takes for one of its region, which it may have left meanwhile. What
 * is put says itself where it is to be.
 */
export function presupposedResource({ operation, payload }: PendingCommand): string | undefined {
  if (operation === 'deactivate-resource') return (payload as Named).id;
  if (operation !== 'add-absence' && operation !== 'remove-absence') return undefined;
  return (payload as { resourceId: string }).resourceId;
}

function deactivation(
  state: RegionState,
  operation: `deactivate-${'service-type' | 'location' | 'resource'}`,
  { id, force = false }: Named,
): CatalogueChange {
  const nothing = { kind: 'nothing' } as const;
  switch (operation) {
    case 'deactivate-service-type': {
      const was = state.serviceTypes.get(id);
      if (was === undefined) return nothing;
      return { kind: 'service-type', serviceType: { ...was, active: false }, force };
    }
    case 'deactivate-location': {
      const was = state.locations.get(id);
      if (was === undefined) return nothing;
      return { kind: 'location', location: { ...was, active: false }, force };
    }
    case 'deactivate-resource': {
      const was = state.resources.get(id)?.resource;
      if (was === undefined) return nothing;
      return { kind: 'resource', resource: { ...was, active: false }, force };
    }
  }
}
