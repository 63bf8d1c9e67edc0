import type { Route } from '../contract/route.ts';
import type { Metrics } from '../io/metrics.ts';
import { EdgeServer, type EdgeDependencies } from './edge-server.ts';
import { healthRoutes } from './health-routes.ts';
import type { Gateway } from './index.ts';
import { mountRoutes } from './mount-routes.ts';

export interface AdminDependencies extends EdgeDependencies {
  metrics: Metrics;
  /** Why roles of this process cannot do their work, one line each. */
  notReady(): readonly string[];
}

/**
 * The operators' port: metrics and health, without credentials and of no use to clients. Started
 * first and stopped last, so that it can tell why the others are not ready.
 */
export function createAdminServer(dependencies: AdminDependencies): Gateway {
  const server = new EdgeServer(dependencies);
  mountRoutes(server, adminServerRoutes(dependencies), {
    ...dependencies,
    authenticate: () => Promise.reject(new Error('the admin port takes no credentials')),
  });
  return server;
}

/** What it answers. */
export function adminServerRoutes({
  metrics,
  notReady,
}: Pick<AdminDependencies, 'metrics' | 'notReady'>): Route[] {
  return [metricsRoute(metrics), ...healthRoutes(notReady)];
}

function metricsRoute({ registry }: Metrics): Route {
  return {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the text format of Prometheus',
    scopes: [],
    ownership: 'public',
    handle: async () => ({
      status: 200,
      headers: { 'content-type': registry.contentType },
      body: await registry.metrics(),
    }),
  };
}
