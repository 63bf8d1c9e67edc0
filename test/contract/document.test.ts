import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/api/index.ts';
import { exampleOperations } from '../../src/contract/openapi/examples.ts';
import { operationId } from '../../src/contract/openapi/operation.ts';
import { openApiDocument } from '../../src/contract/openapi.ts';
import type { Route } from '../../src/contract/route.ts';
import type { EdgeServer } from '../../src/gateway/edge-server.ts';
import { createGateway } from '../../src/gateway/index.ts';
import { systemClock } from '../../src/io/clock.ts';
import { Failpoints } from '../../src/io/failpoints.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import { openDatabase } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';
import { createWriteEpoch } from '../../src/store/write-epoch.ts';
import { absentEngine } from '../support/absent-engine.ts';
import { OpenApiCheck, type Observed, type OpenApiDocument } from '../support/openapi-check.ts';

// Nothing is asked of the database: routes are declared and mounted without it.
const database = openDatabase({
  url: 'postgres://127.0.0.1:1/none',
  applicationName: 'document',
  maxConnections: 1,
});
const metrics = createMetrics();
const parts = { clock: systemClock, random: systemRandom, log: createLog('silent', 'test') };
const api = createApi({
  ...parts,
  database,
  reads: { of: (tenantId) => ({ ...database, tenantId }), close: database.close },
  directory: database,
  hotDatabase: database,
  metrics,
  failpoints: new Failpoints(),
  epoch: createWriteEpoch(database),
  engine: absentEngine,
});
const gateway = createGateway({
  ...parts,
  config: { host: '127.0.0.1', port: 0 },
  directory: database,
  metrics,
  routes: api.routes,
  onKeyUse: () => undefined,
  notReady: () => [],
}) as unknown as EdgeServer;

async function served(): Promise<OpenApiDocument> {
  const answer = await gateway.app.inject({ url: '/openapi.json', headers: { host: 'x' } });
  return JSON.parse(answer.body) as OpenApiDocument;
}

test('every route that is mounted is documented, and the reverse', async () => {
  await gateway.app.ready();
  const mounted = mountedRoutes(gateway.app.printRoutes({ commonPrefix: false }));
  const { paths } = await served();
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((verb) => `${verb.toUpperCase()} ${path}`),
  );
  assert.ok(mounted.length > 20, gateway.app.printRoutes());
  assert.deepEqual(documented.sort(), mounted.sort());
});

/** The router's own drawing of its tree, four columns to a level, as `METHOD /path`. */
function mountedRoutes(tree: string): string[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods] = /^(.*?)── (\S+)(?: \((.*)\))?$/.exec(line) ?? [];
    if (part === '') return [];
    const depth = (indent.length - 1) / 4;
    above.splice(depth, above.length, part);
    const path = above
      .join('')
      .replace(/^\/\//, '/')
      .replace(/:(\w+)/g, '{$1}');
    const verbs = (methods ?? '').split(', ').filter((verb) => !['', 'HEAD'].includes(verb));
    return verbs.map((verb) => `${verb} ${path}`);
  });
}

test('every operation has a name of its own, and a schema for each of its answers', async () => {
  const { paths } = await served();
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const ids = operations.map((operation) => operation.operationId);
  assert.deepEqual([...new Set(ids)], ids);
  for (const { operationId: id, summary, responses } of operations) {
    assert.ok(summary.length > 2, id);
    assert.match(id, /^(?!(get|post|put|patch|delete)V1)[a-z][A-Za-z]+$/);
    const successes = Object.entries(responses).filter(([status]) => Number(status) < 400);
    assert.ok(successes.length > 0, `${id} documents no success`);
    for (const [status, { content }] of Object.entries(responses)) {
      const empty = ['204', '302', '304'].includes(status);
      assert.equal(content === undefined, empty, `${id} ${status}`);
    }
  }
});

test('examples belong to operations, and whatever takes a body shows one', async () => {
  const { paths } = await served();
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const ids = new Set(operations.map((operation) => operation.operationId));
  assert.deepEqual(
    exampleOperations.filter((id) => !ids.has(id)),
    [],
  );
  for (const { operationId: id, requestBody } of operations) {
    if (requestBody === undefined) continue;
    const shown = requestBody.content['application/json']?.examples ?? {};
    assert.ok(Object.keys(shown).length > 0, `${id} shows no body`);
  }
});

test('bodies of the examples match the schemas that they illustrate', async () => {
  const document = await served();
  const check = new OpenApiCheck(document);
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [verb, { requestBody, 'x-example-status': statuses = {} }] of Object.entries(
      operations,
    )) {
      const examples = requestBody?.content['application/json']?.examples ?? {};
      for (const [name, { value }] of Object.entries(examples)) {
        assert.deepEqual(check.requestFaults({ path, verb, body: value }), [], `${path} ${name}`);
        assert.ok(statuses[name] !== undefined, `${path} ${name} has no status`);
      }
    }
  }
});

const route: Route = {
  method: 'GET',
  path: '/v1/service-types/:code',
  summary: 'One',
  scopes: ['appointments:read'],
  ownership: 'tenant',
  responses: api.routes.find((each) => operationId(each) === 'getServiceType')?.responses ?? {},
  handle: () => Promise.reject(new Error('is not called')),
};
const good: Observed = {
  method: 'GET',
  path: '/v1/service-types/a?b=c',
  status: 200,
  headers: { 'x-request-id': 'r', 'content-type': 'application/json; charset=utf-8' },
  body: {
    code: 'a',
    name: 'A',
    active: true,
    travel: false,
    created_at: '2035-06-05T09:00:00Z',
    updated_at: '2035-06-05T09:00:00Z',
  },
};
const problem = {
  type: '/problems/not-found',
  title: 'Not found',
  status: 404,
  detail: 'there is none',
  code: 'not-found',
  instance: 'r',
};
const problemHeaders = { 'x-request-id': 'r', 'content-type': 'application/problem+json' };

const body = good.body as Record<string, unknown>;
const deviations: Record<string, Partial<Observed>> = {
  'a status that is not documented': { status: 418 },
  'a member that is not documented': { body: { ...body, more: 1 } },
  'a member of another type': { body: { ...body, active: 'yes' } },
  'a member that is missing': { body: { ...body, name: undefined } },
  'no body at all': { body: '' },
  'another media type': { headers: { ...good.headers, 'content-type': 'text/html' } },
  'a header that is missing': { headers: { 'content-type': 'application/json' } },
  'a header that is not documented': { headers: { ...good.headers, etag: '"1"' } },
  'a malformed header': { headers: { ...good.headers, 'x-request-id': 'a b' } },
  'a problem as plain JSON': { status: 404, body: problem },
  'a problem without its instance': {
    status: 404,
    headers: problemHeaders,
    body: { ...problem, instance: undefined },
  },
  'a problem of another status': { status: 422, headers: problemHeaders, body: problem },
  'an address that is not documented': { path: '/v1/service-types/a/b' },
  'a method that is not documented': { method: 'DELETE' },
  '405 with the wrong methods': { method: 'DELETE', status: 405, headers: { allow: 'GET' } },
};

test('an answer that is not as documented is found, whatever it deviates in', () => {
  const check = new OpenApiCheck(openApiDocument([route]) as OpenApiDocument);
  check.assert(good);
  check.assert({ ...good, status: 404, headers: problemHeaders, body: JSON.stringify(problem) });
  check.assert({ ...good, method: 'HEAD', body: '' });
  check.assert({ ...good, method: 'PUT', status: 405, headers: { allow: 'GET, HEAD' } });
  for (const [what, deviation] of Object.entries(deviations)) {
    const text = JSON.stringify(deviation.body ?? good.body);
    const observed = { ...good, ...deviation, body: deviation.body === '' ? '' : text };
    assert.notDeepEqual(check.faults(observed), [], what);
  }
});
