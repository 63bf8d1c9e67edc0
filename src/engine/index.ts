import type { Decision, EngineLink } from '../contract/engine-link.ts';
import type { EngineDependencies } from './dependencies.ts';
import { judgeCatalogue } from './judge-catalogue.ts';
import { Ownership } from './ownership.ts';
import { availability } from './placement/availability.ts';

export interface Engine {
  link: EngineLink;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Undefined when it can do its work, else why not. */
  ready(): string | undefined;
}

/** Until regions are named by locations, each tenant has the one region `default`. */
const onlyRegion = 'default';

export function createEngine(needs: EngineDependencies): Engine {
  const listeners = new Set<(decision: Decision) => void>();
  const ownership = new Ownership(needs, (decision) => {
    for (const listener of listeners) listener(decision);
  });
  return {
    link: {
      wake: () => ownership.wake(),
      onDecision: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      availability: ({ tenantId, ...query }) => {
        const state = ownership.loopOf(tenantId, onlyRegion)?.state;
        if (state === undefined) return undefined;
        const now = needs.clock.nowSeconds();
        return { ...availability(state, { ...query, now }), asOf: now };
      },
      previewAbsence: ({ tenantId, ...absence }) => {
        const state = ownership.loopOf(tenantId, onlyRegion)?.state;
        if (state === undefined) return undefined;
        const change = {
          kind: 'absence' as const,
          absence: { ...absence, id: 'preview' },
          reason: null,
        };
        const place = { now: needs.clock.nowSeconds(), region: onlyRegion };
        return judgeCatalogue(state, change, place).repairs;
      },
    },
    start: () => ownership.start(),
    stop: () => ownership.stop(),
    ready: () => ownership.trouble(),
  };
}
