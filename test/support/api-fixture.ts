import assert from 'node:assert/strict';
import { createApi, type Api } from '../../src/api/index.ts';
import { apiConfig, type ApiConfig } from '../../src/api/config.ts';
import type { Decision, EngineLink } from '../../src/contract/engine-link.ts';
import type { Principal } from '../../src/contract/principal.ts';
import { Problem } from '../../src/contract/problem.ts';
import type { Answer, Call, Route } from '../../src/contract/route.ts';
import { systemClock } from '../../src/io/clock.ts';
import { Failpoints } from '../../src/io/failpoints.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import type { Database } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import type { TenantReads } from '../../src/io/tenant-reads.ts';
import { createWriteEpoch } from '../../src/store/write-epoch.ts';
import { absentEngine } from './absent-engine.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { openPools } from './pools.ts';

export interface ApiRequest {
  /** Method and template, e.g. `GET /v1/appointments/:id`. */
  route: string;
  body?: unknown;
  query?: Record<string, unknown>;
  params?: Record<string, string>;
  headers?: Record<string, string>;
  as?: Principal;
}

export type ApiAnswer = Answer & { body: Record<string, unknown> };

/** The api over a real database, without an edge, with an engine that the test plays. */
export interface ApiFixture {
  store: TestDatabase;
  database: Database;
  reads: TenantReads;
  directory: Database;
  /** Calls a handler as the edge does; a problem comes back as an answer. */
  request(wanted: ApiRequest): Promise<ApiAnswer>;
  route(name: string): Route;
  publish(decision: Decision): void;
  close(): Promise<void>;
}

export const staff: Principal = {
  tenantId: 'default',
  actor: 'key:test',
  scopes: new Set(['appointments:read', 'appointments:write', 'catalogue:write', 'events:read']),
  customerId: null,
  resourceId: null,
};

export function customer(id: string): Principal {
  const scopes = new Set(['appointments:self'] as const);
  return { ...staff, actor: `customer:${id}`, scopes, customerId: id };
}

export async function openApi(
  options: { engine?: Partial<EngineLink>; limits?: Partial<ApiConfig> } = {},
): Promise<ApiFixture> {
  const store = await freshDatabase();
  const pools = openPools(store.url, 'api', 8);
  const { database, reads, directory } = pools;
  const epoch = createWriteEpoch(database);
  await epoch.refresh();
  const listeners = new Set<(decision: Decision) => void>();
  const engine: EngineLink = {
    ...absentEngine,
    onDecision: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ...options.engine,
  };
  const dependencies = {
    ...{ database, reads, directory, hotDatabase: database },
    ...{ clock: systemClock, random: systemRandom, epoch, engine },
    log: createLog('silent', 'test'),
    metrics: createMetrics(),
    failpoints: new Failpoints(),
  };
  const api = createApi(dependencies, { ...apiConfig, ...options.limits });
  await api.start();
  return {
    store,
    ...{ database, reads, directory },
    request: (wanted) => request(api, wanted),
    route: (name) => routeOf(api, name),
    publish: (decision) => listeners.forEach((listener) => listener(decision)),
    close: async () => {
      await api.stop();
      await pools.close();
      await store.drop();
    },
  };
}

function routeOf(api: Api, name: string): Route {
  const [method, path] = name.split(' ');
  const route = api.routes.find((known) => known.method === method && known.path === path);
  assert.ok(route, name);
  return route;
}

async function request(api: Api, wanted: ApiRequest): Promise<ApiAnswer> {
  const route = routeOf(api, wanted.route);
  const call: Call = {
    principal: wanted.as ?? staff,
    params: wanted.params ?? {},
    query: wanted.query ?? {},
    body: wanted.body,
    header: (name) => wanted.headers?.[name],
    requestId: 'request-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  try {
    route.precheck?.(call);
    return (await route.handle(call as never)) as ApiAnswer;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { status, headers } = error;
    return { status, headers, body: error.document() as never };
  }
}
