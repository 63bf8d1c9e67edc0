import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokenCircuitError, circuitBreaker, CountBreaker, handleAll } from 'cockatiel';
import fc from 'fast-check';
import { fakeClock, type FakeClock } from '../../../test/support/fake-clock.ts';
import { defaultCallPolicy, type CallPolicy } from '../../domain/call-policy.ts';
import { Breaker, type Admission, type BreakerState, type Verdict } from './breaker.ts';

const policy: CallPolicy = { ...defaultCallPolicy, minimumCalls: 4, windowCalls: 10 };

interface Bench {
  breaker: Breaker;
  clock: FakeClock;
  changes: string[];
  /** Admits and settles at once; the reason where it was turned away. */
  run: (verdict: Verdict, tookMs?: number) => string;
}

function bench(changed: Partial<CallPolicy> = {}): Bench {
  const clock = fakeClock();
  const changes: string[] = [];
  const breaker = new Breaker({ ...policy, ...changed }, clock, (from, to) =>
    changes.push(`${from} ${to}`),
  );
  const run = (verdict: Verdict, tookMs = 0): string => {
    const admission = breaker.admit();
    clock.jump(tookMs);
    if (admission.kind === 'turned-away') return admission.reason;
    admission.settle(verdict);
    return 'ran';
  };
  return { breaker, clock, changes, run };
}

function trip({ run }: Bench): void {
  for (let i = 0; i < 4; i += 1) run('bad');
}

const settle = (admission: Admission, verdict: Verdict): void => {
  if (admission.kind !== 'admitted') assert.fail('it was turned away');
  admission.settle(verdict);
};

test('it opens at the share of bad calls, not before the minimum of calls', () => {
  const it = bench();
  for (let i = 0; i < 3; i += 1) assert.equal(it.run('bad'), 'ran');
  assert.equal(it.breaker.view().state, 'closed');
  it.run('bad');
  const { state, openReason, openUntilMs } = it.breaker.view();
  assert.deepEqual([state, openReason], ['open', 'failures']);
  assert.equal(openUntilMs, it.clock.nowMs() + policy.openMs);
  assert.equal(it.run('good'), 'breaker-open');
});

test('bad calls that are older than the window are forgotten', () => {
  const it = bench();
  for (let i = 0; i < 3; i += 1) it.run('bad');
  it.clock.jump(policy.windowMs + 1);
  it.run('bad');
  assert.deepEqual([it.breaker.view().state, it.breaker.view().calls], ['closed', 1]);
});

test('slow answers count as bad ones; calls that were given up count as nothing', () => {
  const slow = bench();
  for (let i = 0; i < 4; i += 1) slow.run('good', policy.slowCallMs);
  assert.equal(slow.breaker.view().state, 'open');
  const given = bench();
  for (let i = 0; i < 20; i += 1) given.run('unknown', 5_000);
  assert.deepEqual([given.breaker.view().state, given.breaker.view().calls], ['closed', 0]);
});

test('half-open lets the probes through and turns all others away at once', () => {
  const it = bench();
  trip(it);
  it.clock.jump(policy.openMs);
  const admissions = Array.from({ length: 100 }, () => it.breaker.admit());
  const admitted = admissions.filter(({ kind }) => kind === 'admitted');
  assert.equal(admitted.length, policy.probes);
  for (const probe of admitted) settle(probe, 'good');
  // Nobody waited inside: what comes now is held to the ramp, and does not run all at once.
  const next = Array.from({ length: 100 }, () => it.breaker.admit().kind);
  assert.ok(next.filter((kind) => kind === 'admitted').length <= 2);
  assert.deepEqual(it.changes, ['closed open', 'open half-open', 'half-open ramping']);
});

test('a failed probe opens it again, for twice as long each time up to the cap', () => {
  const it = bench({ openMs: 1_000, openCapMs: 3_000 });
  trip(it);
  const waits: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    waits.push((it.breaker.view().openUntilMs ?? 0) - it.clock.nowMs());
    it.clock.jump(waits.at(-1) ?? 0);
    it.run('bad');
  }
  assert.deepEqual(waits, [1_000, 2_000, 3_000, 3_000]);
});

test('a probe that was given up makes room for another', () => {
  const it = bench({ probes: 1 });
  trip(it);
  it.clock.jump(policy.openMs);
  const probe = it.breaker.admit();
  assert.equal(it.run('good'), 'breaker-probing');
  settle(probe, 'unknown');
  assert.equal(it.run('good'), 'ran');
  assert.equal(it.breaker.view().state, 'ramping');
});

test('what began before it opened neither closes it nor counts once it is closed', () => {
  const it = bench();
  const late = Array.from({ length: 20 }, () => it.breaker.admit());
  trip(it);
  it.clock.jump(policy.openMs);
  settle(late[0] as Admission, 'good');
  settle(late[1] as Admission, 'bad');
  assert.equal(it.breaker.view().state, 'half-open');
  for (let i = 0; i < policy.probes; i += 1) it.run('good');
  for (const admission of late) settle(admission, 'bad');
  assert.deepEqual([it.breaker.view().state, it.breaker.view().calls], ['ramping', 0]);
});

test('429 opens it for as long as it was asked to, at most the cap', () => {
  const asked = bench();
  asked.run({ throttledMs: 7_000 });
  assert.equal(asked.breaker.view().openReason, 'throttled');
  assert.equal(asked.breaker.view().openUntilMs, asked.clock.nowMs() + 7_000);
  const unnamed = bench();
  unnamed.run({ throttledMs: undefined });
  assert.equal(unnamed.breaker.view().openUntilMs, unnamed.clock.nowMs() + policy.openMs);
  const greedy = bench();
  greedy.run({ throttledMs: 86_400_000 });
  assert.equal(greedy.breaker.view().openUntilMs, greedy.clock.nowMs() + policy.retryAfterCapMs);
});

test('an operator can hold it open or closed, and it begins anew afterwards', () => {
  const it = bench();
  it.breaker.force('open');
  assert.equal(it.run('good'), 'breaker-forced-open');
  it.breaker.force('closed');
  for (let i = 0; i < 20; i += 1) assert.equal(it.run('bad'), 'ran');
  assert.equal(it.run({ throttledMs: 1_000 }), 'ran');
  it.breaker.force(null);
  assert.deepEqual(it.breaker.view(), {
    ...{ state: 'closed', forced: null, openUntilMs: null, openReason: null, calls: 0, bad: 0 },
  });
  assert.equal(it.run('good'), 'ran');
});

test('it opens at the same call as cockatiel does', async () => {
  const calls = fc.array(fc.boolean(), { maxLength: 60 });
  const sizes = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }));
  await fc.assert(
    fc.asyncProperty(
      calls,
      sizes,
      fc.integer({ min: 10, max: 90 }),
      async (good, [a, b], share) => {
        const [minimumCalls, windowCalls] = [Math.min(a, b), Math.max(a, b)];
        const it = bench({ minimumCalls, windowCalls, failurePercent: share });
        const oracle = circuitBreaker(handleAll, {
          halfOpenAfter: 1_000_000,
          breaker: new CountBreaker({
            // It opens above its threshold, ours at it.
            threshold: share / 100 - 1e-6,
            ...{ size: windowCalls, minimumNumberOfCalls: minimumCalls },
          }),
        });
        for (const isGood of good) {
          const theirs = await oracle
            .execute(() => (isGood ? Promise.resolve() : Promise.reject(new Error('bad'))))
            .then(
              () => true,
              (error: unknown) => !(error instanceof BrokenCircuitError),
            );
          assert.equal(it.run(isGood ? 'good' : 'bad') === 'ran', theirs);
        }
      },
    ),
    { numRuns: 200 },
  );
});

const acts = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('admit' as const) }),
    fc.record({
      act: fc.constant('settle' as const),
      which: fc.nat(30),
      verdict: fc.constantFrom<Verdict>('good', 'bad', 'bad', 'unknown', { throttledMs: 3_000 }),
    }),
    fc.record({ act: fc.constant('pass' as const), ms: fc.constantFrom(1, 50, 900, 2_000, 9_000) }),
  ),
  { maxLength: 300 },
);

test('whatever happens, nothing passes while open, and no more than the probes while half-open', () => {
  const legal = new Set([
    ...['closed open', 'ramping open', 'half-open open', 'open half-open'],
    ...['half-open ramping', 'ramping closed'],
  ]);
  fc.assert(
    fc.property(acts, (steps) => {
      const it = bench();
      const inFlight: { admission: Admission; period: number }[] = [];
      const passed = new Map<number, number>();
      // Each period of being half-open has a number of its own.
      const period = (): number => it.changes.filter((change) => / half-open$/.test(change)).length;
      for (const step of steps) {
        if (step.act === 'pass') it.clock.jump(step.ms);
        else if (step.act === 'settle') {
          const [ended] = inFlight.splice(step.which, 1);
          if (ended === undefined) continue;
          settle(ended.admission, step.verdict);
          const good = step.verdict === 'good';
          if (good) passed.set(ended.period, (passed.get(ended.period) ?? 0) + 1);
        } else {
          const before: BreakerState = it.breaker.view().state;
          const admission = it.breaker.admit();
          const isIn = admission.kind === 'admitted';
          assert.ok(isIn || admission.waitMs > 0);
          assert.ok(before === 'open' ? !isIn : before !== 'closed' || isIn);
          if (!isIn) continue;
          const probing = before === 'half-open';
          inFlight.push({ admission, period: probing ? period() : 0 });
          if (!probing) continue;
          const probes = inFlight.filter((probe) => probe.period === period()).length;
          assert.ok(probes + (passed.get(period()) ?? 0) <= policy.probes);
        }
      }
      assert.deepEqual(
        it.changes.filter((change) => !legal.has(change)),
        [],
      );
    }),
    { numRuns: 500 },
  );
});
