import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';

import { FIRST_INSTANT, LAST_INSTANT } from './slot.ts';
import { isTimeZone, timeZone } from './time-zone.ts';

const ZONES = [
  ...['UTC', 'Europe/Paris', 'Europe/Dublin', 'America/New_York', 'America/Sao_Paulo'],
  ...['Australia/Lord_Howe', 'Pacific/Apia', 'Pacific/Kwajalein', 'Africa/Casablanca'],
  ...['Asia/Kathmandu', 'America/St_Johns', 'Africa/Monrovia', 'Asia/Manila', 'America/Juneau'],
];

const anyZone = fc.constantFrom(...ZONES);
const anyInstant = fc.oneof(
  fc.integer({ min: -3_000_000_000, max: 4_000_000_000 }),
  fc.integer({ min: FIRST_INSTANT, max: LAST_INSTANT }),
);

/** Some change of the offset in the zone, or undefined when there is none to come. */
function changeAfter(zone: string, instant: number): number | undefined {
  const zoned = zonedAt(zone, instant).getTimeZoneTransition('next');
  return zoned === null ? undefined : Math.ceil(zoned.epochMilliseconds / 1_000);
}

function zonedAt(zone: string, instant: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant * 1_000).toZonedDateTimeISO(zone);
}

function assertSame(zone: string, instant: number): void {
  const expected = zonedAt(zone, instant);
  const { year, month, day } = expected;
  assert.equal(timeZone(zone).offsetAt(instant), expected.offsetNanoseconds / 1e9);
  assert.deepEqual(timeZone(zone).localDateAt(instant), { year, month, day });
}

function assertSameWallTime(zone: string, wall: Temporal.PlainDateTime): void {
  const date = { year: wall.year, month: wall.month, day: wall.day };
  const seconds = wall.hour * 3_600 + wall.minute * 60 + wall.second;
  const expected = wall.toZonedDateTime(zone, { disambiguation: 'compatible' });
  const message = `${zone} ${wall.toString()}`;
  assert.equal(
    timeZone(zone).toEpoch(date, seconds),
    Math.floor(expected.epochMilliseconds / 1_000),
    message,
  );
}

test('offsets and local dates agree with Temporal at any instant', () => {
  fc.assert(fc.property(anyZone, anyInstant, assertSame), { numRuns: 500 });
});

test('offsets agree with Temporal on both sides of every kind of change', () => {
  fc.assert(
    fc.property(anyZone, anyInstant, (zone, instant) => {
      const change = changeAfter(zone, instant);
      fc.pre(change !== undefined);
      for (const shift of [-1, 0, 1]) assertSame(zone, change + shift);
    }),
    { numRuns: 300 },
  );
});

test('wall times around changes resolve as the compatible disambiguation of Temporal', () => {
  const minutes = fc.integer({ min: -26 * 60, max: 26 * 60 });
  fc.assert(
    fc.property(anyZone, anyInstant, minutes, (zone, instant, shift) => {
      const near = changeAfter(zone, instant) ?? instant;
      const wall = zonedAt(zone, near).toPlainDateTime().add({ minutes: shift });
      assertSameWallTime(zone, wall.with({ millisecond: 0, microsecond: 0, nanosecond: 0 }));
    }),
    { numRuns: 1_000 },
  );
});

test('a day that a zone skipped moves forward by a day', () => {
  for (const [zone, date] of [
    ['Pacific/Apia', '2011-12-30'],
    ['Pacific/Kwajalein', '1993-08-21'],
  ] as const) {
    for (const time of ['00:00', '09:30', '23:59']) {
      assertSameWallTime(zone, Temporal.PlainDateTime.from(`${date}T${time}`));
    }
  }
  const noon = timeZone('Pacific/Apia').toEpoch({ year: 2011, month: 12, day: 30 }, 43_200);
  assert.equal(new Date(noon * 1_000).toISOString(), '2011-12-30T22:00:00.000Z');
});

test('a change of half an hour shifts a wall time in its gap by half an hour', () => {
  const zone = timeZone('Australia/Lord_Howe');
  const inGap = zone.toEpoch({ year: 2025, month: 10, day: 5 }, 2 * 3_600 + 600);
  const later = zone.toEpoch({ year: 2025, month: 10, day: 5 }, 2 * 3_600 + 2_400);
  assert.equal(inGap, later);
});

test('offsets agree with the host for any zone it knows', () => {
  const names = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
  fc.assert(
    fc.property(names, fc.integer({ min: 0, max: 3_000_000_000 }), (name, instant) => {
      const parts = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' });
      const text = parts.formatToParts(instant * 1_000).find((p) => p.type === 'timeZoneName');
      const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text?.value ?? '');
      assert.ok(match, text?.value);
      const [, sign, hours, minutes, seconds] = match;
      const size = Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
      assert.equal(timeZone(name).offsetAt(instant), sign === '-' ? 0 - size : size);
    }),
    { numRuns: 150 },
  );
});

test('only names of zones are time zones', () => {
  for (const name of ['Europe/Zurich', 'UTC', 'Etc/GMT+5', 'America/Argentina/Ushuaia']) {
    assert.equal(isTimeZone(name), true, name);
  }
  for (const name of [
    ...['', 'Mars/Olympus', '+02:00', '2020-01-01T00:00[Europe/Paris]', 'Europe/Paris '],
    ...['Europe', 'Z\0', '../etc', 'x'.repeat(200)],
  ]) {
    assert.equal(isTimeZone(name), false, name);
  }
});
