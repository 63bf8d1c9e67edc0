import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, type FakeClock } from '../../../test/support/fake-clock.ts';
import { defaultCallPolicy, type CallPolicy } from '../../domain/call-policy.ts';
import { CallFailure } from '../../io/call-failure.ts';
import { createMetrics, type Metrics } from '../../io/metrics.ts';
import { createCalls, type CallRequest, type Calls } from './calls.ts';

interface Bench {
  calls: Calls;
  clock: FakeClock;
  metrics: Metrics;
  request: (changed?: Partial<CallRequest>) => CallRequest;
}

function bench(changed: Partial<CallPolicy> = {}): Bench {
  const clock = fakeClock();
  const metrics = createMetrics();
  const policy = { ...defaultCallPolicy, ...changed };
  const random = { fraction: () => 0.5 };
  const calls = createCalls({ policyOf: () => policy, clock, random, metrics });
  const signal = new AbortController().signal;
  const first = { provider: 'caldav', tenantId: 'a', attempt: 1, signal };
  return { calls, clock, metrics, request: (other = {}) => ({ ...first, ...other }) };
}

const never = (): Promise<never> => new Promise(() => undefined);

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new CallFailure('failed', 'timeout')));
  });
}

test('every outcome is told apart', async () => {
  const { calls, clock, request } = bench({ minimumCalls: 50 });
  const call = (work: () => Promise<unknown>) => calls.call(request(), work);
  const failing = (error: Error) => call(() => Promise.reject(error));
  assert.deepEqual(await call(() => Promise.resolve(5)), { kind: 'succeeded', value: 5 });
  for (const kind of ['refused', 'failed', 'ambiguous'] as const) {
    assert.deepEqual(await failing(new CallFailure(kind, 'why')), { kind, reason: 'why' });
  }
  // Whatever nobody has classified may have happened, and its text may hold anything.
  const unknown = await failing(new Error('connect 10.0.0.1: password is x'));
  assert.deepEqual(unknown, { kind: 'ambiguous', reason: 'error' });
  const throttled = await failing(new CallFailure('throttled', 'http-429', 4_000));
  assert.equal(throttled.kind, 'throttled');
  assert.ok('untilMs' in throttled && throttled.untilMs >= clock.nowMs() + 4_000);
});

test('work that never ends is left after the timeout, and may have happened', async () => {
  const { calls, clock, request } = bench({ timeoutMs: 1_000, inFlightPerTenant: 1 });
  const outcome = calls.call(request(), never);
  assert.equal((await calls.call(request(), never)).kind, 'not-called');
  await clock.advance(1_050);
  assert.deepEqual(await outcome, { kind: 'ambiguous', reason: 'timeout' });
  assert.equal((await calls.call(request(), () => Promise.resolve(1))).kind, 'succeeded');
});

test('an adapter that knows what became of an aborted call is believed', async () => {
  const { calls, clock, request } = bench({ timeoutMs: 1_000 });
  const outcome = calls.call(request(), untilAborted);
  await clock.advance(1_000);
  assert.deepEqual(await outcome, { kind: 'failed', reason: 'timeout' });
});

test('each call has a signal of its own: one that times out aborts no other', async () => {
  const { calls, clock, request } = bench({ timeoutMs: 1_000 });
  const signals: AbortSignal[] = [];
  const hanging = calls.call(request(), (signal) => {
    signals.push(signal);
    return untilAborted(signal);
  });
  await clock.advance(700);
  const other = calls.call(request(), async (signal) => {
    signals.push(signal);
    await clock.sleep(600);
    return signal.aborted;
  });
  await clock.advance(700);
  assert.equal((await hanging).kind, 'failed');
  assert.deepEqual(await other, { kind: 'succeeded', value: false });
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  );
});

test('a caller who gives up ends the call, and the breaker learns nothing from it', async () => {
  const { calls, clock, request } = bench({ minimumCalls: 1 });
  const caller = new AbortController();
  const outcome = calls.call(request({ signal: caller.signal }), untilAborted);
  caller.abort();
  await clock.advance(0);
  assert.equal((await outcome).kind, 'failed');
  const late = await calls.call(request({ signal: caller.signal }), never);
  assert.deepEqual(late, { kind: 'failed', reason: 'cancelled' });
  assert.deepEqual(calls.breakers.list(), []);
});

test('an open breaker answers at once when to come back, to each another time', async () => {
  const { calls, clock, request } = bench({ minimumCalls: 2, openMs: 5_000 });
  const bad = () => Promise.reject(new CallFailure('failed', 'http-503'));
  for (let i = 0; i < 2; i += 1) await calls.call(request(), bad);
  let asked = 0;
  const outcome = await calls.call(request(), () => Promise.resolve((asked += 1)));
  assert.ok(outcome.kind === 'not-called' && outcome.reason === 'breaker-open');
  assert.ok(outcome.untilMs > clock.nowMs() + 5_000 && outcome.untilMs < clock.nowMs() + 6_300);
  assert.equal(asked, 0);
});

test('refusals keep a breaker closed', async () => {
  const { calls, request } = bench({ minimumCalls: 2 });
  for (let i = 0; i < 30; i += 1) {
    await calls.call(request(), () => Promise.reject(new CallFailure('refused', 'http-404')));
  }
  assert.deepEqual(calls.breakers.list(), []);
});

test('one tenant cannot take all places, nor all tenants those of another provider', async () => {
  const { calls, clock, request } = bench({ inFlightPerTenant: 2, inFlight: 3, timeoutMs: 500 });
  const kind = async (changed: Partial<CallRequest>): Promise<string> => {
    const call = calls.call(request(changed), never).then((outcome) => outcome.kind);
    return Promise.race([call, clock.sleep(0).then(() => 'under way')]);
  };
  const kinds: Promise<string>[] = [];
  for (const tenantId of ['a', 'a', 'a', 'b', 'b']) kinds.push(kind({ tenantId }));
  kinds.push(kind({ provider: 'webhook' }));
  await clock.advance(1);
  assert.deepEqual(await Promise.all(kinds), [
    ...['under way', 'under way', 'not-called', 'under way', 'not-called', 'under way'],
  ]);
  await clock.advance(1_000);
});

test('retries are paid from the budget, and turned away where it is empty', async () => {
  const { calls, request } = bench({ budgetFloor: 0, budgetPercent: 10 });
  const good = () => Promise.resolve(1);
  const retry = await calls.call(request({ attempt: 2 }), good);
  assert.ok(retry.kind === 'not-called' && retry.reason === 'retry-budget');
  for (let i = 0; i < 10; i += 1) await calls.call(request(), good);
  assert.equal((await calls.call(request({ attempt: 2 }), good)).kind, 'succeeded');
  assert.equal((await calls.call(request({ attempt: 3 }), good)).kind, 'not-called');
});

test('who is turned away by the breaker spends no retry', async () => {
  const { calls, clock, request } = bench({ budgetFloor: 0, minimumCalls: 1, openMs: 1_000 });
  const good = () => Promise.resolve(1);
  for (let i = 0; i < 10; i += 1) await calls.call(request({ tenantId: 'b' }), good);
  await calls.call(request(), () => Promise.reject(new CallFailure('failed', 'x')));
  assert.equal((await calls.call(request({ attempt: 2 }), good)).kind, 'not-called');
  await clock.advance(1_000);
  assert.equal((await calls.call(request({ attempt: 2 }), good)).kind, 'succeeded');
});

test('metrics tell outcomes and breakers by provider, and name no tenant', async () => {
  const { calls, clock, metrics, request } = bench({ minimumCalls: 1, openMs: 1_000, probes: 1 });
  await calls.call(request(), () => Promise.reject(new CallFailure('failed', 'x')));
  await calls.call(request(), () => Promise.resolve(1));
  const text = await metrics.registry.metrics();
  assert.match(text, /slotwright_calls_total\{provider="caldav",outcome="failed"\} 1/);
  assert.match(text, /slotwright_calls_total\{provider="caldav",outcome="not-called"\} 1/);
  assert.match(text, /slotwright_breakers\{provider="caldav",state="open"\} 1/);
  assert.match(text, /slotwright_calls_in_flight\{provider="caldav"\} 0/);
  assert.doesNotMatch(text, /tenant/);
  await clock.advance(1_000);
  await calls.call(request(), () => Promise.resolve(1));
  const later = await metrics.registry.metrics();
  assert.match(later, /slotwright_breakers\{provider="caldav",state="open"\} 0/);
  assert.match(later, /slotwright_breakers\{provider="caldav",state="ramping"\} 1/);
});
