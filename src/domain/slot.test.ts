import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import * as slots from './slot.ts';

const { FIRST_INSTANT, LAST_INSTANT, formatInstant, parseInstant } = slots;

test('every instant of the years 1 to 9998 survives formatting and parsing', () => {
  assert.equal(parseInstant('0001-01-01T00:00:00Z'), FIRST_INSTANT);
  assert.equal(parseInstant('9998-12-31T23:59:59Z'), LAST_INSTANT);
  fc.assert(
    fc.property(fc.integer({ min: FIRST_INSTANT, max: LAST_INSTANT }), (instant) => {
      const text = formatInstant(instant);
      assert.equal(text, new Date(instant * 1_000).toISOString().replace('.000Z', 'Z'));
      assert.equal(parseInstant(text), instant);
    }),
    { numRuns: 2_000 },
  );
});

test('a fraction of zeros says the same as none', () => {
  const instant = parseInstant('2026-03-29T01:00:00Z');
  assert.ok(instant !== undefined);
  for (const fraction of ['.0', '.000', '.000000000000']) {
    assert.equal(parseInstant(`2026-03-29T01:00:00${fraction}Z`), instant);
  }
});

test('whatever is not a whole second of an existing date in UTC is refused', () => {
  for (const text of [
    ...['2026-02-30T10:00:00Z', '2025-02-29T10:00:00Z', '1900-02-29T10:00:00Z'],
    ...['2026-04-31T10:00:00Z', '2026-00-10T10:00:00Z', '2026-13-10T10:00:00Z'],
    ...['2026-01-00T10:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T23:60:00Z'],
    ...['2026-01-01T23:59:60Z', '0000-01-01T00:00:00Z', '9999-01-01T00:00:00Z'],
    ...['2026-01-01t10:00:00Z', '2026-01-01T10:00:00z', '2026-01-01 10:00:00Z'],
    ...['2026-01-01T10:00:00', '2026-01-01T10:00:00+00:00', '2026-01-01T10:00Z'],
    ...['2026-01-01T10:00:00.Z', '2026-01-01T10:00:00.5Z', '2026-01-01T10:00:00.001Z'],
    ...['2026-01-01T10:00:00,0Z', '+2026-01-01T10:00:00Z', '2026-1-01T10:00:00Z'],
    ...['', 'Z', '2026-01-01T10:00:00ZZ', ' 2026-01-01T10:00:00Z', '20a6-01-01T10:00:00Z'],
    ...['2026-01-01T1٠:00:00Z', '2026-01-01T10:00:00Z\n', '2026/01/01T10:00:00Z'],
  ]) {
    assert.equal(parseInstant(text), undefined, text);
  }
});

test('dates that the host would roll over to another day are refused', () => {
  const part = fc.integer({ min: 0, max: 99 });
  const parts = fc.tuple(fc.integer({ min: 0, max: 9_999 }), part, part, part);
  fc.assert(
    fc.property(parts, ([year, month, day, hour]) => {
      const two = (value: number) => String(value).padStart(2, '0');
      const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:00:00Z`;
      const date = new Date(text);
      const exists =
        !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 19));
      const expected = exists && year >= 1 && year <= 9_998 ? date.getTime() / 1_000 : undefined;
      assert.equal(parseInstant(text), expected);
    }),
    { numRuns: 3_000 },
  );
});

test('slots are half-open and last more than nothing and at most four hours', () => {
  const { isSlotLength, slotsOverlap, slotSeconds } = slots;
  assert.equal(slotsOverlap({ start: 0, end: 10 }, { start: 10, end: 20 }), false);
  assert.equal(slotsOverlap({ start: 0, end: 11 }, { start: 10, end: 20 }), true);
  assert.equal(slotSeconds({ start: 5, end: 20 }), 15);
  assert.deepEqual(
    [0, -1, 1, 14_400, 14_401].map((end) => isSlotLength({ start: 0, end })),
    [false, false, true, true, false],
  );
});
