import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeViolations } from '../support/checker/violation.ts';
import { runCrashCase } from './matrix/crash-case.ts';
import { pointsOf } from './matrix/crash-cases.ts';
import { openCrashWorld, type CrashWorld } from './matrix/crash-world.ts';

// Where its way is another: accepting and deciding are one transaction, regions are siblings in one
// memory, sagas are handed over in it, and the event log is the bus.
const points = pointsOf('one').filter((name) =>
  /^(api|engine|relay|worker.after-claim$)/.test(name),
);

let world: CrashWorld;

before(async () => {
  world = await openCrashWorld({ kind: 'one', seed: 1 });
  world.startLoad();
});
after(() => world.close());

for (const point of points) {
  test(`one process that is killed at ${point} finds all it acknowledged`, async (t) => {
    const recoveryMs = await runCrashCase(world, { world: 'one', point, action: 'crash', hit: 1 });
    t.diagnostic(`well again after ${Math.round(recoveryMs)} ms`);
    const violations = await world.checkNow();
    assert.ok(violations.length === 0, describeViolations(violations));
  });
}

test('after all of it, when nothing is left to do, every guarantee holds', async () => {
  const violations = await world.settleForGood();
  assert.ok(violations.length === 0, describeViolations(violations));
});
