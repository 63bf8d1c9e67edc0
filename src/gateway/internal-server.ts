import { timingSafeEqual } from 'node:crypto';
import { Problem } from '../contract/problem.ts';
import type { Principal } from '../contract/principal.ts';
import type { Route } from '../contract/route.ts';
import type { Metrics } from '../io/metrics.ts';
import { sha256 } from '../io/random.ts';
import { EdgeServer, type EdgeDependencies } from './edge-server.ts';
import type { Gateway } from './index.ts';
import { mountRoutes } from './mount-routes.ts';

export interface InternalDependencies extends EdgeDependencies {
  metrics: Metrics;
  routes: readonly Route[];
  secret: string;
}

const peer: Principal = {
  tenantId: 'default',
  actor: 'engine',
  scopes: new Set(['admin']),
  customerId: null,
  resourceId: null,
};
const maxConnections = 1_024;

/**
 * The port between processes of one installation. Nothing is answered without the shared secret:
 * throws, before it listens, on a route that would be public.
 */
export function createInternalServer(dependencies: InternalDependencies): Gateway {
  const { routes, secret } = dependencies;
  const open = routes.find(({ ownership }) => ownership === 'public');
  if (open !== undefined) throw new Error(`${open.path} would be public at the internal port`);
  const server = new EdgeServer(dependencies);
  server.app.server.maxConnections = maxConnections;
  mountRoutes(server, routes, { ...dependencies, authenticate: bySecret(secret) });
  return server;
}

// Digests have one length, so that comparing them takes one time, whatever was sent.
function bySecret(secret: string): (authorization: string | undefined) => Principal {
  const expected = sha256(`Bearer ${secret}`);
  return (authorization = '') => {
    if (timingSafeEqual(sha256(authorization), expected)) return peer;
    throw new Problem('unauthenticated', 'This port is for processes that know its secret.', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  };
}
