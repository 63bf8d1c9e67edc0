import type { Decision, OwnEngine } from '../contract/engine-link.ts';
import type { ExpressLane } from '../contract/express-lane.ts';
import type { Route } from '../contract/route.ts';
import type { CreateRow } from '../store/write/accept-creates.ts';
import { DecisionReaders } from './decision-readers.ts';
import type { EngineDependencies } from './dependencies.ts';
import { internalRoutes } from './internal-routes.ts';
import { Ownership } from './ownership.ts';
import { OwnRegions } from './own-regions.ts';

export interface Engine {
  link: OwnEngine;
  express: ExpressLane<CreateRow>;
  /** For other processes of the installation; nothing of it is for clients. */
  internalRoutes: Route[];
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
  const link = new OwnRegions(needs, ownership, listeners);
  const readers = new DecisionReaders({
    ...needs,
    onDecision: (listener) => link.onDecision(listener),
  });
  return {
    link,
    internalRoutes: internalRoutes(link, readers),
    express: {
      submit: (create) => ownership.express(create.appointment)?.submit(create) ?? elsewhere,
    },
    start: () => ownership.start(),
    stop: () => ownership.stop(),
    ready: () => ownership.trouble(),
  };
}

const elsewhere = Promise.resolve('elsewhere' as const);
