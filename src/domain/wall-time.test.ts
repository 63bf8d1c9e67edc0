import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';

import { dateOfDay, dayNumber, secondsOfWallTime, weekdayOfDay, WEEKDAYS } from './wall-time.ts';

const epoch = Temporal.PlainDate.from('1970-01-01');

test('day numbers, dates and weekdays agree with Temporal over years 0 to 9999', () => {
  fc.assert(
    fc.property(fc.integer({ min: -719_528, max: 2_932_896 }), (number) => {
      const date = epoch.add({ days: number });
      const expected = { year: date.year, month: date.month, day: date.day };
      assert.deepEqual(dateOfDay(number), expected);
      assert.equal(dayNumber(expected), number);
      assert.equal(weekdayOfDay(number), WEEKDAYS[date.dayOfWeek - 1]);
    }),
    { numRuns: 2_000 },
  );
});

test('wall times run from 00:00 to 24:00 and nothing else is one', () => {
  assert.equal(secondsOfWallTime('00:00'), 0);
  assert.equal(secondsOfWallTime('09:30'), 34_200);
  assert.equal(secondsOfWallTime('24:00'), 86_400);
  for (const text of ['24:01', '9:30', '09:60', '25:00', '09:30:00', '', '-1:00', '09-30']) {
    assert.equal(secondsOfWallTime(text), undefined, text);
  }
});
