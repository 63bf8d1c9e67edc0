import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  booking,
  contractSuite,
  everyDay,
  hourAt,
  instantAt,
  person,
} from '../support/contract-service.ts';

const contract = contractSuite(2, async ({ put }) => {
  await put('/v1/locations/delhi', { name: 'Delhi', time_zone: 'Asia/Kolkata' });
  await put('/v1/service-types/far', { name: 'Far' });
  await put('/v1/resources/far', person({ service_types: ['far'], locations: ['delhi'] }));
});
const { send } = contract;

interface Slot {
  start_time: string;
  end_time: string;
  mode: string;
  free: number;
}

const dayMs = 86_400_000;
const firstMs = Math.floor(Date.now() / dayMs) * dayMs + 10 * dayMs;
const from = instantAt(firstMs);
const to = instantAt(firstMs + dayMs);

const ask = (search: string) => send(`GET /v1/availability?${search}`);

async function slotsOf(search: string): Promise<Slot[]> {
  const { status, body, text } = await ask(search);
  assert.equal(status, 200, text);
  return body['slots'] as Slot[];
}

const minutes = (of: Slot): number =>
  (Date.parse(of.end_time) - Date.parse(of.start_time)) / 60_000;
const consultation = `service_type=consultation&from=${from}&to=${to}`;

test(
  '200 `{slots:[{start_time, end_time, mode, free}], as_of}`; `duration_minutes` 30, ' +
    '`step_minutes` 15; ordered by start; end ≤ to; default `direct`',
  async () => {
    const answer = await ask(consultation);
    assert.deepEqual(Object.keys(answer.body).sort(), ['as_of', 'slots']);
    assert.ok(Math.abs(Date.parse(String(answer.body['as_of'])) - Date.now()) < 60_000);
    const slots = answer.body['slots'] as Slot[];
    assert.equal(slots.length, 95);
    assert.ok(slots.every((slot) => minutes(slot) === 30 && slot.mode === 'direct'));
    const starts = slots.map(({ start_time }) => Date.parse(start_time));
    assert.deepEqual(
      starts,
      slots.map((_, index) => firstMs + index * 900_000),
    );
    assert.equal(slots.at(-1)?.end_time, to);
    assert.deepEqual(await slotsOf(`${consultation}&mode=direct`), slots);
  },
);

test('`duration_minutes` and `step_minutes` as asked', async () => {
  const slots = await slotsOf(`${consultation}&duration_minutes=90&step_minutes=60`);
  assert.equal(slots.length, 23);
  assert.ok(slots.every((slot) => minutes(slot) === 90));
});

test("aligned to the location's wall clock (UTC without one)", async () => {
  const hourly = `service_type=far&from=${from}&to=${to}&step_minutes=60`;
  const atUtc = await slotsOf(hourly);
  assert.ok(atUtc.length > 0 && atUtc.every(({ start_time }) => start_time.endsWith(':00:00Z')));
  const atWall = await slotsOf(`${hourly}&location=delhi`);
  assert.ok(atWall.length > 0 && atWall.every(({ start_time }) => start_time.endsWith(':30:00Z')));
});

test('start ≥ max(from, as_of)', async () => {
  const past = instantAt(Math.floor(Date.now() / 1_000) * 1_000 - dayMs);
  const until = instantAt(Math.floor(Date.now() / 1_000) * 1_000 + dayMs);
  const answer = await ask(`service_type=consultation&from=${past}&to=${until}&step_minutes=1`);
  const [first] = answer.body['slots'] as Slot[];
  const wait = Date.parse(first?.start_time ?? '') - Date.parse(String(answer.body['as_of']));
  assert.ok(wait >= 0 && wait <= 60_000, `${wait} ms`);
  const late = instantAt(firstMs + 1_000);
  const [next] = await slotsOf(`service_type=consultation&from=${late}&to=${to}`);
  assert.equal(next?.start_time, instantAt(firstMs + 900_000));
});

test('`from`, `to` required; range at most 31 days', async () => {
  const placesOf = async (search: string): Promise<unknown> => {
    const { status, body } = await ask(search);
    assert.equal(status, 422, search);
    return (body['errors'] as { parameter: string }[]).map(({ parameter }) => parameter);
  };
  assert.deepEqual(await placesOf('service_type=consultation'), ['from', 'to']);
  assert.deepEqual(await placesOf(`from=${from}&to=${to}`), ['service_type']);
  const typed = 'service_type=consultation';
  assert.deepEqual(await placesOf(`${typed}&from=${to}&to=${from}`), ['to']);
  assert.deepEqual(await placesOf(`${typed}&from=${from}&to=${from}`), ['to']);
  assert.deepEqual(await placesOf(`${typed}&from=2035-02-30T00:00:00Z&to=${to}`), ['from']);
  const days = (count: number): string => instantAt(firstMs + count * dayMs);
  assert.equal((await ask(`${typed}&from=${from}&to=${days(31)}`)).status, 200);
  const over = days(31).replace(':00Z', ':01Z');
  assert.deepEqual(await placesOf(`${typed}&from=${from}&to=${over}`), ['to']);
});

test('`limit` 500: at least 1 and at most what the document says', async () => {
  const range = `service_type=consultation&from=${from}&to=${instantAt(firstMs + 30 * dayMs)}`;
  assert.equal((await slotsOf(range)).length, 500);
  assert.equal((await slotsOf(`${range}&limit=1`)).length, 1);
  const all = await slotsOf(`${range}&limit=5000`);
  assert.equal(all.length, 30 * 96 - 1);
  const { body } = await send('GET /openapi.json');
  const { paths } = body as unknown as {
    paths: Record<string, { get: { parameters: { name: string; schema: object }[] } }>;
  };
  const parameters = paths['/v1/availability']?.get.parameters ?? [];
  const { schema } = parameters.find(({ name }) => name === 'limit') ?? assert.fail();
  assert.deepEqual(schema, { type: 'integer', minimum: 1, maximum: 5_000, default: 500 });
  const outside = [
    ...['limit=0', 'limit=5001', 'limit=-1', 'limit=x', 'mode=any', 'duration_minutes=0'],
    ...['duration_minutes=241', 'step_minutes=0', 'step_minutes=1441', 'step_minutes=1.5'],
  ];
  for (const wrong of outside) {
    assert.equal((await ask(`${consultation}&${wrong}`)).status, 422, wrong);
  }
});

test('`free` = resources that could take it directly', async () => {
  const hour = (index: number) => hourAt(firstMs + 2 * dayMs + index * 3_600_000);
  const range = (index: number): string =>
    `service_type=consultation&from=${hour(index).start_time}&to=${hour(index).end_time}`;
  const free = async (index: number, more = ''): Promise<number[]> =>
    (await slotsOf(`${range(index)}&duration_minutes=60${more}`)).map((slot) => slot.free);
  assert.deepEqual(await free(0), [2]);
  const book = (index: number, resource_id: string) =>
    contract.confirmed({ slot: hour(index), resource_id });
  await book(0, 'r0');
  assert.deepEqual(await free(0), [1]);
  assert.deepEqual(await free(0, '&resource_id=r0'), []);
  assert.deepEqual(await free(0, '&resource_id=r1'), [1]);
  await book(0, 'r1');
  assert.deepEqual(await free(0), []);
  assert.deepEqual(await free(1, '&location=here'), [2]);
  assert.deepEqual(await free(1, '&location=delhi'), []);
});

test('an unknown service type, location or resource is 422', async () => {
  const range = `from=${from}&to=${to}`;
  await contract.put('/v1/service-types/retired', { name: 'Retired', active: false });
  for (const [search, code, parameter] of [
    ['service_type=nothing', 'unknown-service-type', 'service_type'],
    ['service_type=retired', 'unknown-service-type', 'service_type'],
    ['service_type=consultation&location=nowhere', 'unknown-location', 'location'],
    ['service_type=consultation&resource_id=nobody', 'unknown-resource', 'resource_id'],
  ]) {
    const { status, body } = await ask(`${search}&${range}`);
    const [first] = body['errors'] as { parameter: string; code: string }[];
    assert.deepEqual([status, body['code'], first?.code], [422, code, code], search);
    assert.equal(first?.parameter, parameter);
  }
});

test('`location` absent means any location where a capable resource works', async () => {
  const range = `from=${from}&to=${to}`;
  const anywhere = await slotsOf(`service_type=far&${range}`);
  assert.ok(anywhere.length > 0);
  assert.deepEqual(await slotsOf(`service_type=far&${range}&location=here`), []);
});

test('Every slot offered is accepted if posted now, by the same code', async () => {
  await contract.put('/v1/service-types/busy', { name: 'Busy' });
  const rules = {
    ...{ service_types: ['busy'], time_zone: 'America/New_York', capacity: 2 },
    working_hours: [{ days: everyDay, start: '07:10', end: '13:50' }],
    breaks: [{ days: everyDay, start: '10:05', end: '10:40' }],
    ...{ buffer_before_minutes: 5, buffer_after_minutes: 10 },
  };
  await contract.put('/v1/resources/busy', person(rules));
  const search = `service_type=busy&from=${from}&to=${to}&duration_minutes=25&step_minutes=5`;
  let taken = 0;
  for (let offered = await slotsOf(search); offered.length > 0; offered = await slotsOf(search)) {
    const { start_time, end_time } = offered[Math.floor(offered.length / 2)] ?? assert.fail();
    const body = booking({ service_type: 'busy', slot: { start_time, end_time } });
    const made = await send('POST /v1/appointments', { body, wait: 20 });
    assert.equal(made.status, 201, made.text);
    taken += 1;
  }
  assert.ok(taken >= 10, `${taken} were taken`);
});
