import type { Route } from '../contract/route.ts';
import type { Metrics } from '../io/metrics.ts';
import { Authenticator, type AuthenticatorOptions } from './authenticator.ts';
import type { ListenConfig } from './config.ts';
import { docsRoutes } from './docs-routes.ts';
import { documentRoutes } from './document-routes.ts';
import { EdgeServer, type EdgeDependencies } from './edge-server.ts';
import { healthRoutes } from './health-routes.ts';
import { mountRoutes } from './mount-routes.ts';
import { problemPage } from './problem-page.ts';

export { createAdminServer } from './admin-server.ts';

export interface GatewayDependencies extends EdgeDependencies, AuthenticatorOptions {
  metrics: Metrics;
  routes: readonly Route[];
  /** Why roles of this process cannot do their work, one line each; the gateway adds its own. */
  notReady(): readonly string[];
}

export interface Gateway {
  start(): Promise<void>;
  stop(): Promise<void>;
  ready(): string | undefined;
  address(): ListenConfig;
}

/** The public edge. Throws, before it listens, on a route that does not say who may call it. */
export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { routes, notReady } = dependencies;
  const server = new EdgeServer(dependencies);
  const authenticator = new Authenticator(dependencies);
  const reasons = (): readonly string[] => {
    const own = server.ready();
    return own === undefined ? notReady() : [`gateway: ${own}`, ...notReady()];
  };
  const described = [...routes, ...healthRoutes(reasons), problemPage, ...docsRoutes()];
  mountRoutes(server, [...described, ...documentRoutes(described)], {
    ...dependencies,
    authenticate: (authorization) => authenticator.authenticate(authorization),
  });
  return server;
}
