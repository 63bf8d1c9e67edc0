import type { CallPolicy } from '../../domain/call-policy.ts';
import type { CallFailure } from '../../io/call-failure.ts';
import type { Clock } from '../../io/clock.ts';
import type { Metrics } from '../../io/metrics.ts';
import type { Random } from '../../io/random.ts';
import type { Verdict } from './breaker.ts';
import { Breakers, type BreakerKey } from './breakers.ts';
import { CallAdmission } from './call-admission.ts';
import { callFailureOf, type CallOutcome } from './call-outcome.ts';
import { countingBreakers } from './counting-breakers.ts';
import { timedCall } from './timed-call.ts';

export interface CallRequest extends BreakerKey {
  /** 1 for the first: every later one is paid from the retry budget. */
  attempt: number;
  /** Of the caller: once it is aborted, nobody waits for the call any more. */
  signal: AbortSignal;
  /**
   * What must be written before anything is sent, once the call is let through; false: it is not
   * made after all. What it throws is thrown, and says nothing of the other side.
   */
  prepare?: () => Promise<boolean>;
}

export interface CallsOptions {
  policyOf: (provider: string) => CallPolicy;
  clock: Clock;
  random: Pick<Random, 'fraction'>;
  metrics: Metrics;
  breakerLimit?: number;
}

/** All calls of this process to third parties. */
export interface Calls {
  /**
   * Makes one call, or says when to come back. Throws only what `prepare` does and never retries:
   * durable retries are the task's. `work` is handed a signal of its own, which ends at the timeout
   * or with the caller.
   */
  call<T>(request: CallRequest, work: (signal: AbortSignal) => Promise<T>): Promise<CallOutcome<T>>;
  readonly breakers: Breakers;
  readonly policyOf: (provider: string) => CallPolicy;
}

export function createCalls(options: CallsOptions): Calls {
  const { policyOf, clock, metrics, breakerLimit: limit } = options;
  const onChange = countingBreakers(metrics);
  const breakers = new Breakers({
    ...{ policyOf, clock, onChange },
    ...(limit !== undefined && { limit }),
  });
  const admission = new CallAdmission({ ...options, breakers });

  async function call<T>(
    request: CallRequest,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<CallOutcome<T>> {
    const { provider, signal } = request;
    if (signal.aborted) return { kind: 'failed', reason: 'cancelled' };
    const admitted = admission.admit(request, request.attempt);
    if (admitted.kind === 'not-called') {
      metrics.calls.inc({ provider, outcome: admitted.kind });
      return admitted;
    }
    const { prepare } = request;
    if (prepare !== undefined && !(await isPrepared(prepare, admitted.settle))) {
      metrics.calls.inc({ provider, outcome: 'not-called' });
      return { kind: 'not-called', reason: 'withdrawn', untilMs: clock.nowMs() };
    }
    const inFlight = (): void =>
      metrics.callsInFlight.set({ provider }, admission.inFlight(provider));
    inFlight();
    const startedMs = clock.monotonicMs();
    const { timeoutMs } = policyOf(provider);
    const { outcome, verdict } = await timedCall({ clock, timeoutMs, signal }, work).then(
      (value): Settled<T> => ({ outcome: { kind: 'succeeded', value }, verdict: 'good' }),
      (error: unknown) => failed(callFailureOf(error), request),
    );
    admitted.settle(verdict);
    inFlight();
    metrics.calls.inc({ provider, outcome: outcome.kind });
    metrics.callSeconds.observe({ provider }, (clock.monotonicMs() - startedMs) / 1_000);
    return outcome;
  }

  function failed(failure: CallFailure, { provider, signal }: CallRequest): Settled<never> {
    const { kind, message: reason, retryAfterMs } = failure;
    if (kind === 'refused') return { outcome: { kind, reason }, verdict: 'good' };
    if (kind === 'throttled') {
      const { openMs, retryAfterCapMs } = policyOf(provider);
      const untilMs = admission.after(Math.min(retryAfterMs ?? openMs, retryAfterCapMs));
      return { outcome: { kind, reason, untilMs }, verdict: { throttledMs: retryAfterMs } };
    }
    // Who gave up says nothing of the other side.
    return { outcome: { kind, reason }, verdict: signal.aborted ? 'unknown' : 'bad' };
  }

  return { call, breakers, policyOf };
}

/** Whoever is let through and does not call leaves again, and nothing is learnt from it. */
async function isPrepared(
  prepare: () => Promise<boolean>,
  settle: (verdict: Verdict) => void,
): Promise<boolean> {
  let ready = false;
  try {
    ready = await prepare();
    return ready;
  } finally {
    if (!ready) settle('unknown');
  }
}

interface Settled<T> {
  outcome: CallOutcome<T>;
  verdict: Verdict;
}
