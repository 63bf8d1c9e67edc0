import type { CatalogueChange } from './catalogue-change.ts';
import type { RegionState } from './placement/region-state.ts';

/**
 * Asks with the change applied to memory, and takes it back. What is new displaces nobody, so a
 * change that only adds is not applied at all.
 */
export function tryCatalogue<T>(state: RegionState, change: CatalogueChange, ask: () => T): T {
  const undo = applied(state, change);
  try {
    return ask();
  } finally {
    undo();
  }
}

function applied(state: RegionState, change: CatalogueChange): () => void {
  const none = (): void => undefined;
  switch (change.kind) {
    case 'service-type': {
      const was = state.serviceTypes.get(change.serviceType.code);
      if (was === undefined) return none;
      state.putServiceType(change.serviceType);
      return () => state.putServiceType(was);
    }
    case 'location': {
      const was = state.locations.get(change.location.id);
      if (was === undefined) return none;
      state.putLocation(change.location);
      return () => state.putLocation(was);
    }
    case 'resource': {
      const was = state.resources.get(change.resource.id)?.resource;
      if (was === undefined) return none;
      state.putResource({ ...change.resource, lanes: was.lanes });
      return () => state.putResource(was);
    }
    case 'absence':
      state.putAbsence(change.absence);
      return () => state.removeAbsence(change.absence.id);
    case 'no-absence':
    case 'nothing':
      return none;
  }
}
