import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compatibleByBuffers } from './compatible.ts';
import type { Occupation } from './compatible.ts';

function occupation(changes: Partial<Occupation>): Occupation {
  const whole = { start: 0, end: 100, bufferBefore: 0, bufferAfter: 0, serviceType: 'a' };
  return { ...whole, ...changes };
}

test('two bookings are apart by the buffer after the first and the one before the second', () => {
  const before = occupation({ bufferBefore: 50, bufferAfter: 10 });
  const after = { bufferBefore: 5, bufferAfter: 50 };
  const startingAt = (start: number) => occupation({ ...after, start, end: start + 100 });
  assert.equal(compatibleByBuffers(before, startingAt(115)), true);
  assert.equal(compatibleByBuffers(before, startingAt(114)), false);
});

test('without buffers one may start at the second the other ends', () => {
  const before = occupation({});
  assert.equal(compatibleByBuffers(before, occupation({ start: 100, end: 101 })), true);
  assert.equal(compatibleByBuffers(before, occupation({ start: 99, end: 101 })), false);
});
