import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeAvailableSlots, type AvailableSlot } from './available-slot.ts';

const slot = (start: number, free = 1): AvailableSlot => ({ start, end: start + 60, free });

test('slots of several regions come in order, those at one time added up', () => {
  const merged = mergeAvailableSlots([[slot(60), slot(180, 2)], [slot(0), slot(180)], []], 9);
  assert.deepEqual(merged, [slot(0), slot(60), slot(180, 3)]);
  assert.deepEqual(mergeAvailableSlots([], 9), []);
});

test('the first of each region suffice for the first of all', () => {
  const region = fc
    .uniqueArray(fc.integer({ min: 0, max: 20 }), { maxLength: 12 })
    .map((starts) => starts.sort((a, b) => a - b).map((start) => slot(start * 60)));
  fc.assert(
    fc.property(
      fc.array(region, { maxLength: 4 }),
      fc.integer({ min: 1, max: 8 }),
      (all, limit) => {
        const firsts = all.map((slots) => slots.slice(0, limit));
        assert.deepEqual(
          mergeAvailableSlots(firsts, limit),
          mergeAvailableSlots(all, 1_000).slice(0, limit),
        );
      },
    ),
  );
});
