import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { allDecided, assertWhole } from '../support/engine-invariants.ts';
import {
  accepting,
  openResource,
  runEngine,
  type Accepting,
  type RunningEngine,
} from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { at } from '../support/placement-region.ts';
import { unguardHistory } from '../support/unguard-history.ts';

let store: TestDatabase;
let api: Accepting;
const running = new Set<RunningEngine>();

before(async () => {
  store = await freshDatabase();
  await unguardHistory(store);
  api = accepting(store);
});
after(async () => {
  await api.close();
  await store.drop();
});
beforeEach(async () => {
  await store.query(`TRUNCATE slot_holds, appointments, appointment_history, outbox, commands,
    tasks, sagas, lanes, resources, locations CASCADE`);
  await store.query(`DELETE FROM regions WHERE region <> 'default'`);
  await store.query('UPDATE regions SET last_position = 0');
});
afterEach(async () => {
  for (const one of running) await one.close();
  running.clear();
});

async function start(): Promise<RunningEngine> {
  const engine = await runEngine(store.url);
  running.add(engine);
  return engine;
}

const place = (id: string, region: string, active = true) => ({
  ...{ id, name: id, timeZone: 'UTC', latitude: null, longitude: null, region, active },
});
const worker = (id: string, location: string, active = true) =>
  openResource(id, { locations: [location], active });

/** A location and a resource `<region>-1` of one lane in each of the regions. */
async function catalogue(...regions: string[]): Promise<void> {
  for (const region of regions) await api.put('put-location', place(`at-${region}`, region));
  await allDecided(store);
  for (const region of regions) {
    await api.put('put-resource', worker(`${region}-1`, `at-${region}`), { region });
  }
  await allDecided(store);
}

const nine = at('2030-06-03T09:00:00Z');
const hour = (n: number) => ({ start: nine + n * 3_600, end: nine + (n + 1) * 3_600 });
const located = (region: string) => ({ location: `at-${region}`, locationKnown: true, region });

/** Asks for a new time or place, as the api does of the region that the appointment is in. */
async function update(id: string, payload: object): Promise<string> {
  const command = randomUUID();
  await store.query(
    `INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, payload,
      created_at, actor)
    SELECT 'default', $1, 'update', $2, region, $3, now(), 'key:test' FROM appointments
    WHERE appointment_id = $2`,
    [command, id, JSON.stringify(payload)],
  );
  return command;
}

/** A command about a resource, sent to a region that it may have left. */
async function about(region: string, operation: string, payload: object): Promise<string> {
  const command = randomUUID();
  await store.query(
    `INSERT INTO commands (tenant_id, command_id, operation, region, payload, created_at, actor)
    VALUES ('default', $1, $2, $3, $4, now(), 'key:test')`,
    [command, operation, region, JSON.stringify(payload)],
  );
  return command;
}

const absent = (resourceId: string, slot: { start: number; end: number }) => ({
  ...{ id: randomUUID(), resourceId, ...slot, reason: null },
});

async function placeOf(id = ''): Promise<unknown[]> {
  const [row] = await store.query<Record<string, unknown>>(
    `SELECT state, region, resource_id, (SELECT array_agg(region) FROM slot_holds h
      WHERE h.appointment_id = a.appointment_id) AS held
    FROM appointments a WHERE appointment_id = $1`,
    [id],
  );
  return [row?.['state'], row?.['region'], row?.['resource_id'], row?.['held'] ?? null];
}

async function command(id: string) {
  const [row] = await store.query<{
    state: string;
    region: string;
    regions_tried: string[];
    problem: { code: string; reason?: string; conflicts?: unknown[]; errors?: unknown[] } | null;
    result: { created?: boolean; unresolved?: { appointment_id: string }[] } | null;
  }>(
    `SELECT * FROM commands WHERE command_id = $1 OR appointment_id = $1 AND operation = 'create'`,
    [id],
  );
  return row ?? assert.fail('no such command');
}

function slots(engine: RunningEngine, of: { location?: string; resourceId?: string } = {}) {
  const { location, resourceId } = of;
  const found = engine.link.availability({
    ...{ tenantId: 'default', serviceType: 'consultation', from: nine, to: nine + 7_200 },
    ...{ durationSeconds: 3_600, stepSeconds: 3_600, limit: 9 },
    ...(location !== undefined && { location: { kind: 'catalogue', id: location } as const }),
    ...(resourceId !== undefined && { resourceId }),
  });
  return found?.slots.map(({ start, free }) => [(start - nine) / 3_600, free]);
}

/** What is offered once every region is in memory. */
const offered = (engine: RunningEngine, of?: Parameters<typeof slots>[1]) =>
  eventually(() => slots(engine, of));

test('a create without a place is refused only after every region has refused it', async () => {
  const engine = await start();
  await catalogue('a', 'b', 'c');
  assert.deepEqual(await offered(engine), [
    [0, 3],
    [1, 3],
  ]);
  const ids = await api.create(
    ...[hour(0), hour(0), hour(0), hour(0)].map((slot) => ({ ...slot, region: 'a' })),
  );
  await allDecided(store);
  const places = await Promise.all(ids.map(placeOf));
  assert.deepEqual(places, [
    ['SCHEDULED', 'a', 'a-1', ['a']],
    ['SCHEDULED', 'b', 'b-1', ['b']],
    ['SCHEDULED', 'c', 'c-1', ['c']],
    ['FAILED', 'c', null, null],
  ]);
  const last = await command(ids[3] ?? '');
  assert.deepEqual([last.regions_tried, last.problem?.reason], [['a', 'b'], 'no-room']);
  assert.deepEqual(slots(engine), [[1, 3]]);
  const published = engine.decisions.filter(({ appointment }) => appointment !== undefined);
  assert.equal(published.length, 4, 'a command that is handed on is not yet decided');
  await assertWhole(store);
});

test('of several refusals the one that got furthest is given', async () => {
  await start();
  await catalogue('a', 'b');
  await api.put('put-resource', worker('b-1', 'at-b', false), { region: 'b' });
  await allDecided(store);
  const [, second = ''] = await api.create(
    { ...hour(0), region: 'a' },
    { ...hour(0), region: 'a' },
  );
  await allDecided(store);
  const { problem, regions_tried } = await command(second);
  assert.deepEqual([problem?.reason, regions_tried], ['no-room', ['a']]);
  assert.equal(problem?.conflicts?.length, 1);
});

test('a create that names a place or a resource is decided where that is', async () => {
  await start();
  await catalogue('a', 'b');
  const [one = '', other = '', third = ''] = await api.create(
    { ...hour(0), ...located('b'), region: 'a' },
    { ...hour(1), requestedResourceId: 'b-1', region: 'a' },
    { ...hour(1), requestedResourceId: 'b-1', region: 'b' },
  );
  await allDecided(store);
  assert.deepEqual(await placeOf(one), ['SCHEDULED', 'b', 'b-1', ['b']]);
  const pair = await Promise.all([placeOf(other), placeOf(third)]);
  assert.deepEqual(pair.map(([state]) => state).sort(), ['FAILED', 'SCHEDULED']);
  await assertWhole(store);
});

test('commands behind one that is handed on wait for it, and follow it', async () => {
  await catalogueBeforeStart();
  const [taken = '', id = ''] = await api.create(
    { ...hour(0), region: 'a' },
    { ...hour(0), region: 'a' },
  );
  const cancel = await api.act(id, 'cancel');
  await start();
  await allDecided(store);
  assert.deepEqual(await placeOf(taken), ['SCHEDULED', 'a', 'a-1', ['a']]);
  assert.deepEqual(await placeOf(id), ['CANCELLED', 'b', 'b-1', null]);
  const { state, regions_tried } = await command(cancel);
  assert.deepEqual([state, regions_tried], ['applied', ['a']]);
  await assertWhole(store);
});

async function catalogueBeforeStart(): Promise<void> {
  const engine = await start();
  await catalogue('a', 'b');
  await engine.close();
  running.delete(engine);
}

test('a reschedule to another region frees the old slot there, in memory too', async () => {
  const engine = await start();
  await catalogue('a', 'b');
  const [id = '', inB = ''] = await api.create(
    { ...hour(0), ...located('a') },
    { ...hour(1), ...located('b') },
  );
  await allDecided(store);
  const location = { text: 'at-b', known: true };
  const refused = await update(id, { location, slot: hour(1) });
  await allDecided(store);
  assert.equal((await command(refused)).problem?.code, 'slot-unavailable');
  assert.deepEqual(await placeOf(id), ['SCHEDULED', 'a', 'a-1', ['a']]);
  await update(id, { location });
  await allDecided(store);
  assert.deepEqual(await placeOf(id), ['SCHEDULED', 'b', 'b-1', ['b']]);
  assert.deepEqual(await placeOf(inB), ['SCHEDULED', 'b', 'b-1', ['b']]);
  await eventually(() => slots(engine, { location: 'at-a' })?.length === 2);
  const [again = ''] = await api.create({ ...hour(0), ...located('a') });
  await allDecided(store);
  assert.deepEqual(await placeOf(again), ['SCHEDULED', 'a', 'a-1', ['a']]);
  assert.deepEqual(slots(engine, { location: 'at-b' }), []);
  await assertWhole(store);
});

test('bookings that change places between regions neither double nor vanish', async () => {
  await start();
  await catalogue('a', 'b');
  const ids = await api.create(
    ...[0, 1, 2, 3].map((n) => ({ ...hour(n), ...located('a') })),
    ...[4, 5, 6, 7].map((n) => ({ ...hour(n), ...located('b') })),
  );
  for (const round of [0, 1, 2, 3]) {
    for (const [index, id] of ids.entries()) {
      const text = (index + round) % 2 === 0 ? 'at-a' : 'at-b';
      await update(id, { location: { text, known: true } });
    }
  }
  await allDecided(store);
  const places = await Promise.all(ids.map(placeOf));
  assert.deepEqual(
    places,
    ids.map((_, index) => {
      const region = (index + 3) % 2 === 0 ? 'a' : 'b';
      return ['SCHEDULED', region, `${region}-1`, [region]];
    }),
  );
  await assertWhole(store);
});

/** Makes each of the regions the given engine's, as if the other had never had it. */
async function giveTo(owners: Record<string, RunningEngine>): Promise<void> {
  for (const [region, { processId }] of Object.entries(owners)) {
    await store.query(
      `UPDATE regions r SET owner = p.process_id, owner_session = p.session_key,
        token = r.token + 1, lease_expires_at = now() + interval '2 seconds'
      FROM processes p WHERE r.region = $1 AND p.process_id = $2`,
      [region, processId],
    );
  }
}

test('two engines with a region each hand on to one another', async () => {
  const [one, other] = [await start(), await start()];
  await catalogue('a', 'b');
  await giveTo({ default: one, a: one, b: other });
  const ids = await api.create(...[0, 1, 2].map(() => ({ ...hour(0), region: 'a' })));
  await allDecided(store);
  const regions = (await Promise.all(ids.map(placeOf))).map(([state, region]) => [state, region]);
  assert.deepEqual(regions, [
    ['SCHEDULED', 'a'],
    ['SCHEDULED', 'b'],
    ['FAILED', 'b'],
  ]);
  await update(ids[0] ?? '', { location: { text: 'at-b', known: true }, slot: hour(1) });
  await allDecided(store);
  assert.deepEqual(await placeOf(ids[0]), ['SCHEDULED', 'b', 'b-1', ['b']]);
  await eventually(() => slots(one, { location: 'at-a' })?.length === 2);
  assert.deepEqual(await offered(other, { location: 'at-b' }), []);
  assert.equal(slots(one), undefined, 'no answer about a region that another process owns');
  // What this process is told by nobody it finds for itself.
  await api.put('put-location', place('at-b', 'b', false));
  await allDecided(store);
  await eventually(() => slots(other, { location: 'at-b' })?.length === 0);
  await assertWhole(store);
});

test('a change of the shared catalogue holds in every region once it is applied', async () => {
  const engine = await start();
  await catalogue('a', 'b');
  await offered(engine);
  const type = { code: 'consultation', name: 'Consultation', travel: false };
  for (const active of [false, true, false, true]) {
    engine.decisions.length = 0;
    const seen: unknown[] = [];
    const silence = engine.link.onDecision(() => seen.push(slots(engine)?.length));
    await api.put('put-service-type', { ...type, active });
    await allDecided(store);
    silence();
    assert.deepEqual(seen, [active ? 2 : 0], 'known before anybody is told');
  }
  await api.put('put-location', place('at-b', 'b', false));
  await allDecided(store);
  assert.deepEqual(slots(engine, { location: 'at-b' }), []);
  const [id = ''] = await api.create({ ...hour(0), ...located('b') });
  await allDecided(store);
  assert.equal((await placeOf(id))[0], 'FAILED');
});

test('bookings of other regions stand in the way of a service type and a location', async () => {
  await start();
  await catalogue('a', 'b');
  const [id = ''] = await api.create({ ...hour(0), ...located('b') });
  await allDecided(store);
  const type = { code: 'consultation', name: 'Consultation', travel: false, active: false };
  const put = (value: object, force: boolean) => api.put('put-service-type', value, { force });
  const refused = [
    await put(type, false),
    await api.put('put-location', place('at-b', 'b', false), { force: false }),
  ];
  await allDecided(store);
  for (const one of refused) {
    const { problem } = await command(one);
    assert.deepEqual([problem?.code, problem?.conflicts?.length], ['future-bookings', 1]);
  }
  const forced = await put(type, true);
  await put({ ...type, active: true }, true);
  await allDecided(store);
  const { result } = await command(forced);
  assert.deepEqual(result?.unresolved, [{ appointment_id: id, proposals: [] }]);
});

test('a location changes its region only when nobody works there', async () => {
  await start();
  await catalogue('a', 'b');
  const busy = await api.put('put-location', place('at-a', 'b'));
  await allDecided(store);
  const [id = ''] = await api.create({ ...hour(0), ...located('a') });
  await allDecided(store);
  assert.equal((await command(busy)).problem?.code, 'validation-failed');
  const booked = await api.put('put-location', place('at-a', 'b'));
  await allDecided(store);
  await api.act(id, 'cancel');
  await api.put('put-location', place('free', 'a'));
  await allDecided(store);
  assert.equal((await command(booked)).problem?.code, 'future-bookings');
  const moved = await api.put('put-location', place('free', 'b'));
  await allDecided(store);
  assert.equal((await command(moved)).state, 'applied');
  const both = openResource('x', { locations: ['at-a', 'free'] });
  const split = await api.put('put-resource', both, { region: 'b' });
  await allDecided(store);
  assert.equal((await command(split)).problem?.code, 'validation-failed');
});

test('a resource goes to another region unless something is booked on it', async () => {
  const engine = await start();
  await catalogue('a', 'b');
  const [id = ''] = await api.create({ ...hour(0), ...located('a') });
  await allDecided(store);
  const refused = await api.put('put-resource', worker('a-1', 'at-b'), { region: 'b' });
  await allDecided(store);
  const { problem } = await command(refused);
  assert.deepEqual([problem?.code, problem?.conflicts?.length], ['future-bookings', 1]);
  await api.act(id, 'cancel');
  await allDecided(store);
  await api.put('put-resource', worker('a-1', 'at-b'), { region: 'b' });
  await allDecided(store);
  assert.deepEqual(await offered(engine), [
    [0, 2],
    [1, 2],
  ]);
  assert.deepEqual(slots(engine, { location: 'at-a' }), []);
  const ids = await api.create(...[0, 1].map(() => ({ ...hour(0), ...located('b') })));
  await allDecided(store);
  const held = (await Promise.all(ids.map(placeOf))).map(([state]) => state);
  assert.deepEqual(held, ['SCHEDULED', 'SCHEDULED']);
  await assertWhole(store);
});

test('what is asked of a resource where it was is done where it is now', async () => {
  const engine = await start();
  await catalogue('a', 'b');
  const early = absent('a-1', hour(1));
  await about('a', 'add-absence', early);
  await allDecided(store);
  await api.put('put-resource', worker('a-1', 'at-b'), { region: 'b' });
  await allDecided(store);
  const outcome = async (operation: string, payload: object): Promise<unknown[]> => {
    const id = await about('a', operation, payload);
    await allDecided(store);
    const { state, region, regions_tried } = await command(id);
    return [state, region, regions_tried];
  };
  const there = ['applied', 'b', ['a']];
  const free = (): unknown => slots(engine, { location: 'at-b' });
  assert.deepEqual(await offered(engine, { location: 'at-b' }), [
    [0, 2],
    [1, 1],
  ]);
  assert.deepEqual(await outcome('add-absence', absent('a-1', hour(0))), there);
  assert.deepEqual(await outcome('remove-absence', early), there);
  assert.deepEqual(free(), [
    [0, 1],
    [1, 2],
  ]);
  assert.deepEqual(await outcome('deactivate-resource', { id: 'a-1', force: false }), there);
  assert.deepEqual(free(), [
    [0, 1],
    [1, 1],
  ]);
  assert.deepEqual(await outcome('put-resource', { value: worker('a-1', 'at-b') }), there);
  assert.deepEqual(free(), [
    [0, 1],
    [1, 2],
  ]);
  assert.deepEqual(await outcome('add-absence', absent('nobody', hour(0))), ['refused', 'a', []]);
});

test('a resource that leaves while its absence is decided takes the absence with it', async () => {
  const [one, other] = [await start(), await start()];
  await catalogue('a', 'b');
  await giveTo({ a: one, b: other });
  for (const region of ['b', 'a', 'b']) {
    const absences = Array.from({ length: 8 }, (_, n) => absent('a-1', hour(n)));
    const was = region === 'a' ? 'b' : 'a';
    const asked = absences.map((absence) => about(was, 'add-absence', absence));
    await api.put('put-resource', worker('a-1', `at-${region}`), { region });
    const commands = await Promise.all(asked);
    await allDecided(store);
    const states = await Promise.all(commands.map(async (id) => (await command(id)).state));
    assert.deepEqual(new Set(states), new Set(['applied']));
    const engine = region === 'a' ? one : other;
    const query = { location: `at-${region}`, resourceId: 'a-1' };
    await eventually(() => slots(engine, query)?.length === 0);
    const gone = await Promise.all(absences.map((one) => about(was, 'remove-absence', one)));
    await allDecided(store);
    const removed = await Promise.all(gone.map(async (id) => (await command(id)).region));
    assert.deepEqual(new Set(removed), new Set([region]));
    await eventually(() => slots(engine, query)?.length === 2);
  }
});
