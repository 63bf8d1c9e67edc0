import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.ts';

test('ten first calls pay for one retry, and the floor for one more each second', () => {
  const budget = new RetryBudget({ percent: 10, floorPerSecond: 0 }, 0);
  assert.equal(budget.waitMs(0), 1_000);
  for (let i = 0; i < 10; i += 1) budget.earn();
  assert.equal(budget.waitMs(0), 0);
  budget.spend();
  assert.equal(budget.waitMs(0), 1_000);
  const quiet = new RetryBudget({ percent: 10, floorPerSecond: 1 }, 0);
  for (let i = 0; i < 2; i += 1) {
    assert.equal(quiet.waitMs(0), 0);
    quiet.spend();
  }
  assert.equal(quiet.waitMs(0), 1_000);
  assert.equal(quiet.waitMs(1_000), 0);
});

test('over any time, retries are at most the share of calls, the floor and what was saved', () => {
  const steps = fc.array(
    fc.record({ kind: fc.constantFrom('call', 'retry', 'pass'), ms: fc.nat(3_000) }),
    { maxLength: 400 },
  );
  const options = fc.record({ percent: fc.nat(50), floorPerSecond: fc.nat(10) });
  fc.assert(
    fc.property(steps, options, (list, { percent, floorPerSecond }) => {
      const budget = new RetryBudget({ percent, floorPerSecond }, 0);
      let [nowMs, calls, retries] = [0, 0, 0];
      for (const { kind, ms } of list) {
        if (kind === 'pass') nowMs += ms;
        else if (kind === 'call') {
          budget.earn();
          calls += 1;
        } else if (budget.waitMs(nowMs) === 0) {
          budget.spend();
          retries += 1;
        }
        const floor = floorPerSecond * (nowMs / 1_000 + 2) + 1;
        assert.ok(retries <= (calls * percent) / 100 + floor + 1e-6);
      }
    }),
  );
});
