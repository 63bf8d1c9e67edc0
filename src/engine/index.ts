import type { Decision, EngineLink } from '../contract/engine-link.ts';
import type { EngineDependencies } from './dependencies.ts';
import { judgeCatalogue } from './judge-catalogue.ts';
import { Ownership } from './ownership.ts';
import type { RegionState } from './placement/region-state.ts';
import { tenantAvailability } from './tenant-availability.ts';

export interface Engine {
  link: EngineLink;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Undefined when it can do its work, else why not. */
  ready(): string | undefined;
}

export function createEngine(needs: EngineDependencies): Engine {
  const listeners = new Set<(decision: Decision) => void>();
  const ownership = new Ownership(needs, (decision) => {
    for (const listener of listeners) listener(decision);
  });
  const regionsHere = (tenantId: string): Map<string, RegionState> => {
    const found = new Map<string, RegionState>();
    for (const { lease, memory } of ownership.loopsOf(tenantId)) {
      if (memory.presentable !== undefined) found.set(lease.region, memory.presentable);
    }
    return found;
  };
  return {
    link: {
      wake: () => ownership.wake(),
      onDecision: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      availability: ({ tenantId, ...query }) => {
        const now = needs.clock.nowSeconds();
        const slots = tenantAvailability(regionsHere(tenantId), { ...query, now });
        return slots && { slots, asOf: now };
      },
      previewAbsence: ({ tenantId, ...absence }) => {
        for (const [region, state] of regionsHere(tenantId)) {
          if (!state.resources.has(absence.resourceId)) continue;
          const change = {
            kind: 'absence' as const,
            absence: { ...absence, id: 'preview' },
            reason: null,
          };
          return judgeCatalogue(state, change, { now: needs.clock.nowSeconds(), region }).repairs;
        }
        return undefined;
      },
    },
    start: () => ownership.start(),
    stop: () => ownership.stop(),
    ready: () => ownership.trouble(),
  };
}
