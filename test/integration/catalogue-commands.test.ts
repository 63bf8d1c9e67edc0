import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Problem, type ProblemDocument } from '../../src/contract/problem.ts';
import { openApi, type ApiAnswer, type ApiFixture } from '../support/api-fixture.ts';

let api: ApiFixture;
/** What the engine that this test plays decides about the next commands. */
let outcome: { result?: object; problem?: ProblemDocument } = {};
const previews: object[] = [];

const repairs = {
  moved: [{ appointment_id: randomUUID(), from: 'ruth', to: 'john' }],
  unresolved: [{ appointment_id: randomUUID(), proposals: [] }],
};

before(async () => {
  const engine = {
    wake: () => void decideAll(),
    previewAbsence: (asked: object) => {
      previews.push(asked);
      return Promise.resolve(repairs);
    },
  };
  api = await openApi({ engine, limits: { catalogueWaitSeconds: 5 } });
  await api.store.query(`INSERT INTO regions (tenant_id, region) VALUES ('default', 'west');
    INSERT INTO locations (tenant_id, location_id, name, time_zone, region)
      VALUES ('default', 'north', 'North', 'UTC', 'default'),
        ('default', 'far', 'Far', 'UTC', 'west');
    INSERT INTO resources (tenant_id, resource_id, region, name, service_types, locations,
      time_zone, working_hours) VALUES ('default', 'ruth', 'west', 'Ruth', '{consultation}',
      '{far}', 'UTC', '[]')`);
});

after(() => api.close());

/** As the region's owner: absences are written and taken back, all else is only decided. */
async function decideAll(): Promise<void> {
  const { problem = null, result = null } = outcome;
  const rows = await api.store.query<Row>(
    `UPDATE commands SET state = CASE WHEN $1::jsonb IS NULL THEN 'applied' ELSE 'refused' END,
      problem = $1, result = $2, decided_at = now() WHERE state = 'pending' RETURNING *`,
    [problem === null ? null : JSON.stringify(problem), JSON.stringify(result)],
  );
  for (const { operation, payload } of problem === null ? rows : []) {
    if (operation === 'add-absence') {
      await api.store.query(
        `INSERT INTO absences (tenant_id, absence_id, resource_id, start_at, end_at, reason)
        VALUES ('default', $1, $2, to_timestamp($3), to_timestamp($4), $5)`,
        ['id', 'resourceId', 'start', 'end', 'reason'].map((name) => payload[name]),
      );
    } else if (operation === 'remove-absence') {
      await api.store.query('UPDATE absences SET deleted_at = now() WHERE absence_id = $1', [
        payload['id'],
      ]);
    }
  }
  for (const row of rows) {
    const decision = { tenantId: 'default', commandId: row.command_id };
    const state = problem === null ? 'applied' : 'refused';
    api.publish({
      ...decision,
      state,
      ...(problem && { problem }),
      ...(result && { result }),
    });
  }
}

interface Row {
  command_id: string;
  operation: string;
  payload: Record<string, unknown>;
}

async function lastCommand(): Promise<Record<string, unknown>> {
  const [row] = await api.store.query(
    'SELECT operation, region, payload FROM commands ORDER BY accepted_seq DESC LIMIT 1',
  );
  return row ?? {};
}

const inTheWay = new Problem('future-bookings', 'bookings would be left without a place', {
  members: {
    conflicts: [
      {
        resource_id: 'ruth',
        start_time: '2035-03-01T10:00:00Z',
        end_time: '2035-03-01T11:00:00Z',
      },
    ],
  },
}).document();

const resource = {
  ...{ name: 'Ruth', service_types: ['consultation'], locations: ['far'], time_zone: 'UTC' },
  working_hours: [{ days: ['mon'], start: '08:00', end: '12:00' }],
};

test('a resource is decided in the region of its locations, all else in the shared one', async () => {
  outcome = { result: { created: true } };
  const put = await api.request({
    route: 'PUT /v1/resources/:id',
    params: { id: 'ruth' },
    body: resource,
  });
  assert.equal(put.status, 201);
  const { region, payload } = await lastCommand();
  assert.equal(region, 'west');
  const { value, force } = payload as { value: { id: string; capacity: number }; force: boolean };
  assert.deepEqual([value.id, value.capacity, force], ['ruth', 1, false]);
  const location = { name: 'South', time_zone: 'UTC', region: 'south' };
  const params = { id: 'south' };
  await api.request({ route: 'PUT /v1/locations/:id', params, body: location });
  assert.deepEqual((await lastCommand())['region'], 'default');
});

test('a resource in several regions is refused', async () => {
  const body = { ...resource, locations: ['far', 'north'] };
  const put = await api.request({ route: 'PUT /v1/resources/:id', params: { id: 'ruth' }, body });
  assert.equal(put.status, 422);
  const errors = put.body['errors'] as { pointer: string }[];
  assert.equal(errors[0]?.pointer, '/locations/1');
});

test('a change that leaves bookings without a place is refused, or forced and told', async () => {
  const params = { id: 'ruth' };
  outcome = { problem: inTheWay };
  const refused = await api.request({ route: 'PUT /v1/resources/:id', params, body: resource });
  assert.deepEqual(
    [refused.status, refused.body['code'], refused.body['conflicts']],
    [409, 'future-bookings', inTheWay.conflicts],
  );
  outcome = { result: { created: false, ...repairs } };
  const query = { force: true };
  const forced = await api.request({
    ...{ route: 'PUT /v1/resources/:id', params, query, body: resource },
  });
  assert.equal(forced.status, 200);
  const { id, moved, unresolved } = forced.body;
  assert.deepEqual({ id, moved, unresolved }, { id: 'ruth', ...repairs });
  assert.equal(((await lastCommand())['payload'] as { force: boolean }).force, true);
});

test('DELETE deactivates, is 404 for what never was, and when forced tells of bookings', async () => {
  const places = {
    '/v1/resources/:id': { id: 'ruth', operation: 'deactivate-resource', region: 'west' },
    '/v1/locations/:id': { id: 'north', operation: 'deactivate-location', region: 'default' },
    '/v1/service-types/:code': {
      ...{ id: 'pickup', operation: 'deactivate-service-type', region: 'default' },
    },
  };
  for (const [path, { id, operation, region }] of Object.entries(places)) {
    const route = `DELETE ${path}`;
    outcome = { result: {} };
    const gone = await api.request({ route, params: { id } });
    assert.deepEqual([gone.status, gone.body], [204, undefined]);
    assert.deepEqual(await lastCommand(), { operation, region, payload: { id, force: false } });
    outcome = { problem: inTheWay };
    assert.equal((await api.request({ route, params: { id } })).status, 409);
    outcome = { result: repairs };
    const forced = await api.request({ route, params: { id }, query: { force: true } });
    assert.equal(forced.status, 200);
    assert.deepEqual(
      [forced.body['moved'], forced.body['unresolved']],
      [repairs.moved, repairs.unresolved],
    );
    assert.equal((await api.request({ route, params: { id: 'nobody' } })).status, 404);
    assert.equal((await api.request({ route, params: { id: 'No body!' } })).status, 404);
  }
});

const times = { start_time: '2035-03-01T10:00:00Z', end_time: '2035-03-03T10:00:00Z' };

function addAbsence(body: object, query = {}, id = 'ruth'): Promise<ApiAnswer> {
  const route = 'POST /v1/resources/:id/absences';
  return api.request({ route, params: { id }, query, body });
}

test('an absence is added once under its key, and taken back', async () => {
  outcome = { result: repairs };
  const body = { idempotency_key: randomUUID(), ...times, reason: 'ill' };
  const first = await addAbsence(body);
  assert.equal(first.status, 201, JSON.stringify(first.body));
  const { created_at, id, ...rest } = first.body as Record<string, string>;
  assert.equal(typeof created_at, 'string');
  assert.deepEqual(rest, { resource_id: 'ruth', ...times, reason: 'ill', ...repairs });
  const own = `/v1/resources/ruth/absences/${id}`;
  assert.equal(first.headers?.['location'], own);
  assert.equal((await lastCommand())['region'], 'west');

  const again = await addAbsence({ ...body, start_time: '2035-03-01T10:00:00.0Z' });
  assert.equal(again.status, 200);
  assert.equal(again.headers?.['idempotency-replayed'], 'true');
  assert.deepEqual(again.body, first.body);
  const other = await addAbsence({ ...body, reason: 'well' });
  assert.deepEqual([other.status, other.body['code']], [422, 'idempotency-key-reused']);

  const params = { id: 'ruth', absence_id: id ?? '' };
  const route = 'GET /v1/resources/:id/absences/:absence_id';
  const found = await api.request({ route, params });
  assert.deepEqual([found.status, found.body['reason']], [200, 'ill']);
  const listed = await api.request({ route: 'GET /v1/resources/:id/absences', params });
  assert.deepEqual((listed.body['items'] as object[])[0], found.body);

  const removal = { route: 'DELETE /v1/resources/:id/absences/:absence_id', params };
  assert.equal((await api.request(removal)).status, 204);
  assert.deepEqual((await lastCommand())['payload'], { id, resourceId: 'ruth' });
  assert.equal((await api.request({ route, params })).status, 404);
  assert.equal((await api.request(removal)).status, 204);
  const never = { ...params, absence_id: randomUUID() };
  assert.equal((await api.request({ ...removal, params: never })).status, 404);
});

test('an absence that was refused is refused again, as a replay', async () => {
  outcome = { problem: inTheWay };
  const body = { idempotency_key: randomUUID(), ...times };
  const first = await addAbsence(body);
  const again = await addAbsence(body);
  assert.deepEqual([first.status, first.headers?.['idempotency-replayed']], [409, undefined]);
  assert.deepEqual([again.status, again.headers?.['idempotency-replayed']], [409, 'true']);
  assert.deepEqual(again.body, first.body);
});

test('twenty equal requests at once add one absence', async () => {
  outcome = { result: repairs };
  const body = { idempotency_key: randomUUID(), ...times };
  const answers = await Promise.all(Array.from({ length: 20 }, () => addAbsence(body)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [
    ...Array.from({ length: 19 }, () => 200),
    201,
  ]);
  assert.equal(new Set(answers.map((answer) => answer.body['id'])).size, 1);
});

test('a preview changes nothing and leaves the key free', async () => {
  const body = { idempotency_key: randomUUID(), ...times };
  const preview = await addAbsence(body, { dry_run: true });
  assert.equal(preview.status, 200);
  assert.deepEqual(preview.body, {
    ...{ id: null, resource_id: 'ruth', ...times, reason: null },
    ...repairs,
  });
  assert.deepEqual(previews, [
    { tenantId: 'default', resourceId: 'ruth', start: 2056356000, end: 2056528800 },
  ]);
  outcome = { result: { moved: [], unresolved: [] } };
  assert.equal((await addAbsence(body)).status, 201);
});

test('an absence of nobody is not found, one that ends before it begins is refused', async () => {
  const body = { idempotency_key: randomUUID(), ...times };
  assert.equal((await addAbsence(body, {}, 'nobody')).status, 404);
  const { check } = api.route('POST /v1/resources/:id/absences');
  const violations = check?.({ ...body, end_time: times.start_time }, {}) ?? [];
  assert.deepEqual(
    violations.map(({ pointer }) => pointer),
    ['/end_time'],
  );
});
