import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retryPlan } from './retry-plan.ts';

const policy = { baseMs: 200, capMs: 5_000, maxAttempts: 4 };

test('retries end with the attempts, and before a deadline that the next one would miss', () => {
  const failed = { attempts: 1, lastDelayMs: 0, nowMs: 1_000, deadlineMs: null, fraction: 0 };
  assert.deepEqual(retryPlan(policy, failed), { kind: 'retry', delayMs: 200 });
  assert.deepEqual(retryPlan(policy, { ...failed, attempts: 4 }), {
    ...{ kind: 'given-up', why: 'attempts' },
  });
  assert.deepEqual(retryPlan(policy, { ...failed, deadlineMs: 1_200 }).kind, 'retry');
  assert.deepEqual(retryPlan(policy, { ...failed, deadlineMs: 1_199 }), {
    ...{ kind: 'given-up', why: 'deadline' },
  });
});

test('no chain of retries is longer than the attempts or has a delay out of bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true })), (chances) => {
      let lastDelayMs = 0;
      let attempts = 0;
      for (const fraction of chances) {
        attempts += 1;
        const failed = { attempts, lastDelayMs, nowMs: 0, deadlineMs: null, fraction };
        const plan = retryPlan(policy, failed);
        if (plan.kind === 'given-up') return attempts === 4;
        if (plan.delayMs < 200 || plan.delayMs > 5_000) return false;
        lastDelayMs = plan.delayMs;
      }
      return attempts < 4;
    }),
  );
});
