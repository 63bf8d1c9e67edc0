// Our edge with one route twice: for anybody, and for who may read. A process of its own; its
// arguments are a port and the issuer whose tokens it trusts.

import { Type } from 'typebox';
import type { Route } from '../../src/contract/route.ts';
import { createGateway } from '../../src/gateway/index.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import { TokenIssuer } from '../../src/io/oidc/token-issuer.ts';
import type { Queries } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';

const [port, issuer = ''] = process.argv.slice(2);

const route = {
  method: 'GET',
  summary: 'Answers at once',
  responses: { 200: Type.Object({ ok: Type.Boolean() }) },
  handle: () => Promise.resolve({ status: 200, body: { ok: true } }),
} as const;
const routes: Route[] = [
  { ...route, path: '/v1/open', scopes: [], ownership: 'public' },
  { ...route, path: '/v1/closed', scopes: ['appointments:read'], ownership: 'tenant' },
];

// Every key and every tenant is known.
const row = {
  ...{ tenant_id: 'default', key_id: systemRandom.uuidV7(), scopes: ['appointments:read'] },
  ...{ expires_s: null, unused_lately: false, found: true },
};
const directory: Queries = {
  run: <Row>() => Promise.resolve([row as Row]),
};
const log = createLog('warn', 'bench');
const clock = systemClock;
const gateway = createGateway({
  config: { host: '127.0.0.1', port: Number(port) },
  ...{ clock, log, directory, routes },
  random: systemRandom,
  metrics: createMetrics(),
  onKeyUse: () => undefined,
  notReady: () => [],
  trust: {
    tenantClaim: 'tenant',
    roleClaim: 'roles',
    issuers: [new TokenIssuer({ issuer, audience: 'slotwright', clock, log, timeoutMs: 5_000 })],
  },
});
await gateway.start();
process.send?.('ready');
// Whoever started it may die without a word; then the channel closes.
process.once('disconnect', () => process.exit(0));
