import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkResource } from './check-resource.ts';

const hours = { days: ['mon'], start: '09:00', end: '17:00' };

const places = (body: unknown): string[] =>
  checkResource(body).map(({ pointer, code }) => `${pointer} ${code}`);

test('hours past midnight and to 24:00 pass', () => {
  const working_hours = [
    hours,
    { ...hours, start: '22:00', end: '06:00' },
    { ...hours, end: '24:00' },
  ];
  assert.deepEqual(places({ time_zone: 'Europe/Vienna', working_hours }), []);
});

test('the zone, all hours, all breaks and the calendar are judged at once', () => {
  const body = {
    time_zone: 'Mars/Base',
    working_hours: [hours, { ...hours, start: '25:00', end: '09:61' }],
    breaks: [{ ...hours, end: '09:00' }],
    calendar: { kind: 'caldav' },
  };
  assert.deepEqual(places(body), [
    '/time_zone unknown-time-zone',
    '/working_hours/1/start hours',
    '/working_hours/1/end hours',
    '/breaks/0/end hours',
    '/calendar/url calendar-url',
  ]);
});

test('what is ill-typed is left to the schema', () => {
  for (const body of [
    undefined,
    null,
    1,
    [],
    { working_hours: 5, breaks: [null, { days: 'mon' }, { ...hours, days: ['Monday'] }] },
  ]) {
    assert.deepEqual(places(body), []);
  }
  assert.deepEqual(places({ time_zone: 1, calendar: 'none', working_hours: [{ start: 1 }] }), []);
});
