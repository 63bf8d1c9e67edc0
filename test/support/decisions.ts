import type { Appointment } from '../../src/domain/appointment.ts';
import type { Operation, PendingCommand } from '../../src/domain/command.ts';
import type { DecisionContext } from '../../src/engine/decision.ts';
import type { RegionState } from '../../src/engine/placement/region-state.ts';
import { at } from './placement-region.ts';

export const now = at('2026-05-01T12:00:00Z');

/** An appointment as a create leaves it: an hour from nine on 1 June 2026, or as said. */
export function appointment(id: string, changes: Partial<Appointment> = {}): Appointment {
  return {
    tenantId: 'default',
    id,
    version: 1,
    state: 'INIT',
    customerId: 'c0000000-0000-4000-8000-000000000000',
    start: at('2026-06-01T09:00:00Z'),
    end: at('2026-06-01T10:00:00Z'),
    serviceType: 'consultation',
    location: null,
    locationKnown: false,
    requestedResourceId: null,
    resourceId: null,
    region: 'default',
    metadata: null,
    reason: null,
    proof: null,
    createdAt: now - 60,
    updatedAt: now - 60,
    ...changes,
  };
}

let lastSeq = 0;

export function command(
  operation: Operation,
  about: Appointment | null,
  changes: Partial<PendingCommand> = {},
): PendingCommand {
  lastSeq += 1;
  return {
    tenantId: 'default',
    id: `command-${lastSeq}`,
    operation,
    acceptedSeq: lastSeq,
    payload: null,
    regionsTried: [],
    waits: false,
    ifMatch: null,
    trace: { actor: 'key:test', requestId: 'request-1', traceparent: null },
    appointment: about,
    ...changes,
  };
}

export function context(changes: Partial<DecisionContext> = {}): DecisionContext {
  const sagaId = 'a0000000-0000-4000-8000-000000000000';
  return { now, region: 'default', position: 1, seed: 1, sagaId, ...changes };
}

/** All that a region holds, in an order of its own. */
export function holdsOf(state: RegionState): object {
  const lanes = state.resourcesById().map(({ id, lanes: timelines }) => {
    return [id, timelines.map((timeline) => timeline.holds())];
  });
  const byId = [...state.holds].sort(([a], [b]) => (a < b ? -1 : 1));
  return structuredClone({ lanes, byId });
}
