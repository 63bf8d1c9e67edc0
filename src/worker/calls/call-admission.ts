import type { CallPolicy } from '../../domain/call-policy.ts';
import type { Clock } from '../../io/clock.ts';
import type { Random } from '../../io/random.ts';
import type { Verdict } from './breaker.ts';
import { Bulkhead } from './bulkhead.ts';
import type { BreakerKey, Breakers } from './breakers.ts';
import type { NotCalled } from './call-outcome.ts';
import { RetryBudget } from './retry-budget.ts';

export interface CallAdmissionOptions {
  policyOf: (provider: string) => CallPolicy;
  clock: Clock;
  random: Pick<Random, 'fraction'>;
  breakers: Breakers;
}

export type AdmissionAnswer =
  | { kind: 'admitted'; settle: (verdict: Verdict) => void }
  | { kind: 'not-called'; reason: NotCalled; untilMs: number };

// Those who are turned away with the same answer come back spread over this time, at least.
const spreadMs = 250;
const busyPauseMs = 200;

/** Whether a call may be made now: places in flight, the retry budget, and the breaker. */
export class CallAdmission {
  readonly #options: CallAdmissionOptions;
  readonly #bulkhead: Bulkhead;
  readonly #budgets = new Map<string, RetryBudget>();

  constructor(options: CallAdmissionOptions) {
    this.#options = options;
    this.#bulkhead = new Bulkhead((provider) => {
      const { inFlightPerTenant, inFlight } = options.policyOf(provider);
      return { perTenant: inFlightPerTenant, whole: inFlight };
    });
  }

  inFlight(provider: string): number {
    return this.#bulkhead.inFlight(provider);
  }

  /** Asks all before it takes anything: who is turned away costs nobody a token or a place. */
  admit(key: BreakerKey, attempt: number): AdmissionAnswer {
    const { clock, breakers } = this.#options;
    const budget = this.#budgetOf(key.provider);
    const isRetry = attempt > 1;
    if (!this.#bulkhead.hasPlace(key)) return this.#later('busy', busyPauseMs);
    const budgetWaitMs = isRetry ? budget.waitMs(clock.monotonicMs()) : 0;
    if (budgetWaitMs > 0) return this.#later('retry-budget', budgetWaitMs);
    const admission = breakers.of(key).admit();
    if (admission.kind === 'turned-away') return this.#later(admission.reason, admission.waitMs);
    if (isRetry) budget.spend();
    else budget.earn();
    const leave = this.#bulkhead.enter(key);
    const settle = (verdict: Verdict): void => {
      leave();
      admission.settle(verdict);
    };
    return { kind: 'admitted', settle };
  }

  /** Epoch milliseconds after a wait, with jitter on top. */
  after(waitMs: number): number {
    const { clock, random } = this.#options;
    const jitterMs = random.fraction() * Math.max(spreadMs, waitMs / 4);
    return Math.ceil(clock.nowMs() + waitMs + jitterMs);
  }

  #later(reason: NotCalled, waitMs: number): AdmissionAnswer {
    return { kind: 'not-called', reason, untilMs: this.after(waitMs) };
  }

  #budgetOf(provider: string): RetryBudget {
    const known = this.#budgets.get(provider);
    if (known !== undefined) return known;
    const { policyOf, clock } = this.#options;
    const { budgetPercent: percent, budgetFloor: floorPerSecond } = policyOf(provider);
    const budget = new RetryBudget({ percent, floorPerSecond }, clock.monotonicMs());
    this.#budgets.set(provider, budget);
    return budget;
  }
}
