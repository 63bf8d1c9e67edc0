import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffDelayMs } from './backoff.ts';

const policies = fc
  .tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: 100_000 }))
  .map(([baseMs, above]) => ({ baseMs, capMs: baseMs + above }));
const fractions = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('every delay of any chain of retries lies between the base and the cap', () => {
  fc.assert(
    fc.property(policies, fc.array(fractions, { maxLength: 40 }), (policy, chances) => {
      let lastDelayMs = 0;
      for (const fraction of chances) {
        lastDelayMs = backoffDelayMs(policy, { lastDelayMs, fraction });
        assert.ok(Number.isInteger(lastDelayMs));
        assert.ok(lastDelayMs >= policy.baseMs && lastDelayMs <= policy.capMs);
      }
    }),
  );
});

test('no delay is more than three times the last one, or the base where that is more', () => {
  const lasts = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(policies, lasts, fractions, (policy, lastDelayMs, fraction) => {
      const delay = backoffDelayMs(policy, { lastDelayMs, fraction });
      assert.ok(delay <= Math.max(policy.baseMs, 3 * lastDelayMs));
    }),
  );
});

test('a greater chance never gives a shorter delay, and chains of bad luck reach the cap', () => {
  fc.assert(
    fc.property(policies, fc.tuple(fractions, fractions), (policy, [one, other]) => {
      const lastDelayMs = policy.baseMs * 2;
      const low = backoffDelayMs(policy, { lastDelayMs, fraction: Math.min(one, other) });
      const high = backoffDelayMs(policy, { lastDelayMs, fraction: Math.max(one, other) });
      assert.ok(low <= high);
    }),
  );
  const policy = { baseMs: 200, capMs: 30_000 };
  let lastDelayMs = 0;
  for (let i = 0; i < 12; i += 1)
    lastDelayMs = backoffDelayMs(policy, { lastDelayMs, fraction: 0.9 });
  assert.equal(lastDelayMs, policy.capMs);
});
