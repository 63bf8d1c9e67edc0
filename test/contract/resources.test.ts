import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  booking,
  contractSuite,
  everyDay,
  freshHour,
  person,
  type HttpAnswer,
} from '../support/contract-service.ts';

const contract = contractSuite(0);
const { send } = contract;

/** A resource that alone offers the service type of its name. */
async function expert(name: string, changes: object = {}): Promise<void> {
  await contract.put(`/v1/service-types/${name}`, { name });
  const own = person({ service_types: [name], ...changes });
  await contract.put(`/v1/resources/${name}`, own);
}

const daily = (start: string, end: string) => [{ days: everyDay, start, end }];
const day = freshHour().start_time.slice(0, 10);
const nextDay = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

function book(service_type: string, start: string, end: string): Promise<HttpAnswer> {
  const instant = (text: string): string => (text.includes('T') ? text : `${day}T${text}:00Z`);
  const slot = { start_time: instant(start), end_time: instant(end) };
  return send('POST /v1/appointments', { body: booking({ service_type, slot }), wait: 20 });
}

async function reasonOf(...wanted: Parameters<typeof book>): Promise<unknown> {
  const { status, body } = await book(...wanted);
  return status === 201 ? 'booked' : body['reason'];
}

/** The first start and the last end that are offered within a day. */
async function openTimes(service_type: string, date: string): Promise<[unknown, unknown]> {
  const search = `service_type=${service_type}&from=${date}T00:00:00Z&to=${date}T23:59:59Z`;
  const { body, text } = await send(`GET /v1/availability?${search}&step_minutes=30`);
  const slots = body['slots'] as { start_time: string; end_time: string }[] | undefined;
  assert.ok(slots, text);
  return [slots[0]?.start_time, slots.at(-1)?.end_time];
}

test(
  '`PUT /v1/resources/{id}` `{name, service_types[], locations[], time_zone, working_hours, ' +
    'breaks?, buffer_before_minutes?, buffer_after_minutes?, capacity?, active?}` answers 201, ' +
    'then 200, and GET as it was put',
  async () => {
    const whole = {
      ...{ name: 'Ruth', service_types: ['consultation', 'pickup'], locations: ['here'] },
      ...{ time_zone: 'Europe/Berlin', working_hours: daily('08:00', '18:00') },
      breaks: [{ days: ['mon', 'fri'], start: '12:00', end: '12:30' }],
      ...{ buffer_before_minutes: 5, buffer_after_minutes: 10, capacity: 2, active: false },
    };
    const made = await send('PUT /v1/resources/Ruth_1.a-b', { body: whole });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers.get('location'), '/v1/resources/Ruth_1.a-b');
    const again = await send('PUT /v1/resources/Ruth_1.a-b', { body: whole });
    assert.equal(again.status, 200);
    const { created_at, updated_at, ...read } = (await send('GET /v1/resources/Ruth_1.a-b')).body;
    assert.deepEqual(read, { id: 'Ruth_1.a-b', ...whole, calendar: null });
    assert.ok(String(created_at) <= String(updated_at));
    const minimal = await contract.put('/v1/resources/Ruth_1.a-b', person());
    const { breaks, buffer_before_minutes, buffer_after_minutes, capacity, active } = minimal.body;
    assert.deepEqual(
      [breaks, buffer_before_minutes, buffer_after_minutes, capacity, active],
      [[], 0, 0, 1, true],
    );
  },
);

test('lists non-empty; unknown service types, locations or zones 422', async () => {
  const hours = (start: unknown, end: unknown, days: unknown = ['mon']) => ({
    working_hours: [{ days, start, end }],
  });
  const wrong: [string, object][] = [
    ['/service_types', { service_types: [] }],
    ['/locations', { locations: [] }],
    ['/working_hours', { working_hours: [] }],
    ['/service_types/1', { service_types: ['consultation', 'nothing'] }],
    ['/locations/0', { locations: ['nowhere'] }],
    ['/locations', { locations: ['here', 'here'] }],
    ['/time_zone', { time_zone: 'Mars/Base' }],
    ['/working_hours/0/days', hours('08:00', '09:00', [])],
    ['/working_hours/0/days/0', hours('08:00', '09:00', ['Monday'])],
    ['/working_hours/0/start', hours('24:00', '09:00')],
    ['/working_hours/0/start', hours('8:00', '09:00')],
    ['/working_hours/0/end', hours('08:00', '24:01')],
    ['/working_hours/0/end', hours('08:00', '08:60')],
    ['/breaks/0/end', { breaks: [{ days: ['mon'], start: '1', end: 2 }] }],
    ['/buffer_before_minutes', { buffer_before_minutes: -1 }],
    ['/buffer_after_minutes', { buffer_after_minutes: 1.5 }],
    ['/capacity', { capacity: 0 }],
    ['/name', { name: '' }],
    ['/active', { active: 'yes' }],
  ];
  for (const [pointer, changes] of wrong) {
    const { status, body, text } = await send('PUT /v1/resources/wrong', { body: person(changes) });
    const [first] = body['errors'] as { pointer: string }[];
    assert.deepEqual([status, first?.pointer], [422, pointer], text);
  }
  assert.equal((await send('GET /v1/resources/wrong')).status, 404);
});

test('End before start runs past midnight; `24:00` allowed', async () => {
  await expert('night', { working_hours: daily('22:00', '02:00') });
  assert.equal(await reasonOf('night', '23:30', `${nextDay}T00:30:00Z`), 'booked');
  assert.equal(await reasonOf('night', '01:00', '02:00'), 'booked');
  assert.equal(await reasonOf('night', '01:30', '02:01'), 'outside-hours');
  assert.equal(await reasonOf('night', '21:59', '22:30'), 'outside-hours');
  await expert('evening', { working_hours: daily('20:00', '24:00') });
  assert.equal(await reasonOf('evening', '23:00', `${nextDay}T00:00:00Z`), 'booked');
  assert.equal(await reasonOf('evening', '22:00', `${nextDay}T00:01:00Z`), 'outside-hours');
});

test("hours are in the resource's zone", async () => {
  const working_hours = daily('09:00', '10:00');
  await expert('tokyo', { time_zone: 'Asia/Tokyo', working_hours });
  assert.deepEqual(await openTimes('tokyo', day), [`${day}T00:00:00Z`, `${day}T01:00:00Z`]);
});

test("Wall times in gaps and folds as Temporal's `compatible`", async () => {
  const zone = { time_zone: 'Europe/Berlin', working_hours: daily('02:30', '04:00') };
  await expert('berlin', zone);
  // At 02:00 the clock shows 03:00, so that 02:30 is 03:30 and 04:00 is 02:00 UTC.
  assert.deepEqual(await openTimes('berlin', '2035-03-25'), [
    '2035-03-25T01:30:00Z',
    '2035-03-25T02:00:00Z',
  ]);
  // 02:30 comes twice, and the first counts.
  assert.deepEqual(await openTimes('berlin', '2035-10-28'), [
    '2035-10-28T00:30:00Z',
    '2035-10-28T03:00:00Z',
  ]);
});

test('Two bookings are apart by after + before', async () => {
  await expert('tidy', { buffer_before_minutes: 10, buffer_after_minutes: 5 });
  assert.equal(await reasonOf('tidy', '10:00', '11:00'), 'booked');
  assert.equal(await reasonOf('tidy', '11:14', '12:00'), 'no-room');
  assert.equal(await reasonOf('tidy', '11:15', '12:00'), 'booked');
  assert.equal(await reasonOf('tidy', '09:00', '09:46'), 'no-room');
  assert.equal(await reasonOf('tidy', '09:00', '09:45'), 'booked');
});

test('buffers need not lie in working hours and are stored with the booking', async () => {
  const rules = { working_hours: daily('08:00', '12:00') };
  const buffers = { buffer_before_minutes: 45, buffer_after_minutes: 30 };
  await expert('edge', { ...rules, ...buffers });
  assert.equal(await reasonOf('edge', '08:00', '09:00'), 'booked');
  assert.equal(await reasonOf('edge', '11:00', '12:00'), 'booked');
  await expert('edge', rules);
  assert.equal(await reasonOf('edge', '09:29', '09:45'), 'no-room');
  assert.equal(await reasonOf('edge', '09:30', '09:45'), 'booked');
  assert.equal(await reasonOf('edge', '09:45', '10:00'), 'booked', 'new ones have none');
});

test('`capacity` k = k identical lanes', async () => {
  await expert('room', { capacity: 3 });
  const many = Array.from({ length: 5 }, () => reasonOf('room', '10:00', '11:00'));
  const outcomes = (await Promise.all(many)).toSorted();
  assert.deepEqual(outcomes, ['booked', 'booked', 'booked', 'no-room', 'no-room']);
  assert.equal(await reasonOf('room', '11:00', '12:00'), 'booked');
  // The three keep what they have, and nobody else gets in until the last has gone.
  await send('PUT /v1/resources/room?force=true', {
    body: person({ service_types: ['room'], capacity: 1 }),
  });
  assert.equal(await reasonOf('room', '10:30', '11:00'), 'no-room');
  assert.equal(await reasonOf('room', '12:00', '13:00'), 'booked');
});

test('`calendar.password` is never answered', async () => {
  const calendar = { kind: 'none', url: null, username: null, password: 'sesame-open' };
  const made = await send('PUT /v1/resources/secretive', { body: person({ calendar }) });
  assert.equal(made.status, 201, made.text);
  for (const call of ['GET /v1/resources/secretive', 'GET /v1/resources?limit=200']) {
    const { status, text } = await send(call);
    assert.equal(status, 200);
    assert.ok(text.includes('secretive') && !text.includes('sesame-open'));
  }
  assert.ok(!made.text.includes('sesame-open'));
});
