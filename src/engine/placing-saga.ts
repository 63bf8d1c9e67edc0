import { hasCalendar } from '../domain/catalogue.ts';
import type { BegunSaga } from './decision.ts';
import type { RegionState } from './placement/region-state.ts';

interface Resources {
  /** Which the appointment had before, and has now; null: none. */
  before: string | null;
  after: string | null;
}

/** The saga that brings an appointment's new slot to the outside world. */
export function placingSaga(
  state: RegionState,
  { id, kind }: { id: string; kind: 'create' | 'reschedule' | 'reassign' },
  { before, after }: Resources,
): BegunSaga {
  const calls =
    mayHaveCalendar(state, after) || (before !== after && mayHaveCalendar(state, before));
  return { id, kind, step: 'reserve', lane: calls ? 'calendar' : 'saga' };
}

/** The saga that clears up behind an appointment that has ended, where there can be anything. */
export function clearingSaga(
  state: RegionState,
  { id, resourceId }: { id: string; resourceId: string | null },
): BegunSaga | undefined {
  if (!mayHaveCalendar(state, resourceId)) return undefined;
  return { id, kind: 'cancel', step: 'release', lane: 'calendar' };
}

/** Of a resource that has left the region nothing is known. */
function mayHaveCalendar(state: RegionState, resourceId: string | null): boolean {
  if (resourceId === null) return false;
  const known = state.resources.get(resourceId);
  return known === undefined || hasCalendar(known.resource);
}
