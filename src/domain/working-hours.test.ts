import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';

import { formatInstant, parseInstant } from './slot.ts';
import { WEEKDAYS } from './wall-time.ts';
import { OpeningCalendar, hoursViolations, openIntervals } from './working-hours.ts';
import type { DailyHours, WorkingHours } from './working-hours.ts';

const DAY = 86_400;

function at(text: string): number {
  return parseInstant(text) ?? assert.fail(text);
}

function open(rules: { hours: WorkingHours; breaks?: WorkingHours; zone?: string }, on: string) {
  const full = { breaks: [], zone: 'UTC', ...rules };
  const from = at(`${on}T00:00:00Z`);
  return openIntervals(full, from, from + DAY).map(
    ({ start, end }) => `${formatInstant(start)}/${formatInstant(end)}`,
  );
}

const everyDay = (start: string, end: string): DailyHours => ({ days: [...WEEKDAYS], start, end });

// Straight from the contract, by Temporal alone, an instant at a time.
function isInside(rows: WorkingHours, zone: string, instant: number): boolean {
  const zoned = Temporal.Instant.fromEpochMilliseconds(instant * 1_000).toZonedDateTimeISO(zone);
  const epochOf = (date: Temporal.PlainDate, time: string) => {
    const day = time === '24:00' ? date.add({ days: 1 }) : date;
    const wall = day.toPlainDateTime(time === '24:00' ? '00:00' : time);
    return wall.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds / 1_000;
  };
  for (let shift = -3; shift <= 1; shift += 1) {
    const date = zoned.toPlainDate().add({ days: shift });
    for (const { days, start, end } of rows) {
      if (!days.includes(WEEKDAYS[date.dayOfWeek - 1] ?? 'mon')) continue;
      const to = epochOf(end < start ? date.add({ days: 1 }) : date, end);
      if (epochOf(date, start) <= instant && instant < to) return true;
    }
  }
  return false;
}

const anyTime = fc.integer({ min: 0, max: 47 }).map((half) => {
  return `${String(half >> 1).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`;
});
const anyRow = fc
  .record({
    days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
    start: anyTime,
    end: fc.oneof(anyTime, fc.constant('24:00')),
  })
  .filter(({ start, end }) => start !== end);
const anyRows = fc.array(anyRow, { maxLength: 3 });
const anyMoment = fc.constantFrom(
  ...[
    ['Europe/Paris', '2025-03-30T01:00:00Z'],
    ['Europe/Paris', '2025-10-26T01:00:00Z'],
    ['Australia/Lord_Howe', '2025-10-04T15:30:00Z'],
    ['Australia/Lord_Howe', '2025-04-05T15:00:00Z'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z'],
    ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
    ['America/Juneau', '1867-10-19T00:33:32Z'],
    ['Asia/Manila', '1844-12-31T15:56:08Z'],
    ['UTC', '9998-12-30T00:00:00Z'],
    ['Pacific/Kiritimati', '0001-01-03T00:00:00Z'],
  ].map(([zone, text]) => ({ zone: zone ?? '', instant: at(text ?? '') })),
);
const anyShift = fc.integer({ min: -4 * 48, max: 4 * 48 }).map((half) => half * 1_800);

test('an instant is open exactly when the rules read with Temporal say so', () => {
  fc.assert(
    fc.property(
      fc.tuple(anyRows, anyRows, anyMoment, anyShift),
      ([hours, breaks, moment, shift]) => {
        const { zone } = moment;
        const instant = moment.instant + shift + (moment.instant % 1_800 === 0 ? 0 : 7);
        const calendar = new OpeningCalendar({ hours, breaks, zone });
        const second = { start: instant, end: instant + 1 };
        const inHours = isInside(hours, zone, instant);
        const expected = inHours && !isInside(breaks, zone, instant);
        assert.equal(calendar.openingAround(second) !== undefined, expected);
        assert.equal(calendar.isWithinHours(second), inHours);
        assert.equal(calendar.openIntervals(instant, instant + 1).length, expected ? 1 : 0);
      },
    ),
    { numRuns: 600 },
  );
});

test('a slot is inside an opening exactly when the open intervals contain it', () => {
  const anySeconds = fc.integer({ min: 1, max: DAY });
  fc.assert(
    fc.property(
      fc.tuple(anyRows, anyMoment, anyShift, anySeconds),
      ([hours, { zone, instant }, shift, seconds]) => {
        const calendar = new OpeningCalendar({ hours, breaks: [], zone });
        const start = instant + shift;
        const end = start + seconds;
        const [first] = calendar.openIntervals(start, end);
        const whole = first !== undefined && first.start === start && first.end === end;
        assert.equal(calendar.openingAround({ start, end }) !== undefined, whole);
      },
    ),
    { numRuns: 600 },
  );
});

test('an evening up to 24:00 and the night from 00:00 are one opening', () => {
  const hours = [everyDay('22:00', '24:00'), everyDay('00:00', '06:00')];
  const calendar = new OpeningCalendar({ hours, breaks: [], zone: 'Europe/Paris' });
  const night = { start: at('2026-06-10T20:00:00Z'), end: at('2026-06-11T04:00:00Z') };
  assert.deepEqual(calendar.openingAround(night), night);
});

test('an end before the start is on the following day, which need not be listed', () => {
  const hours: WorkingHours = [{ days: ['mon'], start: '22:00', end: '02:00' }];
  assert.deepEqual(open({ hours }, '2026-06-01'), ['2026-06-01T22:00:00Z/2026-06-02T00:00:00Z']);
  assert.deepEqual(open({ hours }, '2026-06-02'), ['2026-06-02T00:00:00Z/2026-06-02T02:00:00Z']);
});

test('breaks cut the hours, also past midnight and where they overlap', () => {
  const hours = [everyDay('08:00', '18:00')];
  const breaks = [
    everyDay('12:00', '13:00'),
    everyDay('12:30', '14:00'),
    everyDay('17:00', '02:00'),
  ];
  assert.deepEqual(open({ hours, breaks }, '2026-06-01'), [
    '2026-06-01T08:00:00Z/2026-06-01T12:00:00Z',
    '2026-06-01T14:00:00Z/2026-06-01T17:00:00Z',
  ]);
});

test('the same hours are longer or shorter on the days the clock changes', () => {
  const hours = [everyDay('00:00', '24:00')];
  const paris = { hours, breaks: [], zone: 'Europe/Paris' };
  const ofDay = (date: string, zone: string) =>
    Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: zone }).epochMilliseconds / 1_000;
  const length = (from: string, to: string) => {
    const range = [ofDay(from, paris.zone), ofDay(to, paris.zone)] as const;
    return openIntervals(paris, ...range).map(({ start, end }) => (end - start) / 3_600);
  };
  assert.deepEqual(length('2025-03-30', '2025-03-31'), [23]);
  assert.deepEqual(length('2025-10-26', '2025-10-27'), [25]);
});

test('a break counts however long the hours around it run on, and however long the range', () => {
  const rules = {
    hours: [everyDay('07:00', '19:00'), everyDay('19:00', '07:00')],
    breaks: [{ days: ['sun' as const], start: '02:00', end: '04:00' }],
    zone: 'UTC',
  };
  const instant = (text: string) => Temporal.Instant.from(text).epochMilliseconds / 1_000;
  const range = [instant('2027-01-07T00:00:00Z'), instant('2027-01-11T00:00:00Z')] as const;
  assert.deepEqual(openIntervals(rules, ...range), [
    { start: range[0], end: instant('2027-01-10T02:00:00Z') },
    { start: instant('2027-01-10T04:00:00Z'), end: range[1] },
  ]);
});

test('violations name the row and the member', () => {
  assert.deepEqual(hoursViolations([everyDay('09:00', '24:00'), everyDay('22:00', '02:00')]), []);
  const wrong = [
    { days: [], start: '24:00', end: '25:00' },
    { days: ['xyz'], start: '09:00', end: '09:00' },
  ] as unknown as WorkingHours;
  assert.deepEqual(
    hoursViolations(wrong).map(({ index, member }) => `${index}/${member}`),
    ['0/days', '0/start', '0/end', '1/days', '1/end'],
  );
});
