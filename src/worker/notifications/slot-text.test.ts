import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInstant } from '../../domain/slot.ts';
import { slotText } from './slot-text.ts';

function slot(start: string, end: string): { start: number; end: number } {
  return { start: parseInstant(start) ?? NaN, end: parseInstant(end) ?? NaN };
}

test('a slot is told in the wall time of the zone named, with the offset that holds then', () => {
  assert.equal(
    slotText(slot('2026-03-02T13:00:00Z', '2026-03-02T13:30:00Z'), 'Europe/Zurich'),
    'Monday, 2 March 2026, 14:00 to 14:30 (Europe/Zurich, UTC+01:00)',
  );
  assert.equal(
    slotText(slot('2026-07-02T03:30:00Z', '2026-07-02T04:00:00Z'), 'America/New_York'),
    'Wednesday, 1 July 2026, 23:30 to Thursday, 2 July 2026, 00:00 (America/New_York, UTC-04:00)',
  );
});

test('a slot across the change to summer time names both offsets, and UTC needs none', () => {
  const night = slot('2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z');
  assert.equal(
    slotText(night, 'Europe/Zurich'),
    'Sunday, 29 March 2026, 01:30 to 03:30 (Europe/Zurich, UTC+01:00, then UTC+02:00)',
  );
  assert.equal(slotText(night, 'UTC'), 'Sunday, 29 March 2026, 00:30 to 01:30 (UTC)');
});
