import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as region from '../../test/support/placement-region.ts';
import { pruneHolds } from './hold-horizon.ts';

test('holds whose buffers are over are forgotten, and their lanes stay usable', () => {
  const state = region.regionOf(region.resource('a', { bufferAfterSeconds: 600 }));
  const [over, atTheBorder, still] = ['09:00', '10:30', '12:00'].map((time) =>
    region.book(state, region.slotAt(`2026-06-01T${time}:00Z`, 60), { resourceId: 'a' }),
  );
  assert.ok(over && atTheBorder && still);
  assert.equal(pruneHolds(state, atTheBorder.end + 600 - 1), 1);
  assert.equal(pruneHolds(state, atTheBorder.end + 600), 1);
  assert.deepEqual([...state.holds.keys()], [still.appointmentId]);
  state.placeHold(over);
});
