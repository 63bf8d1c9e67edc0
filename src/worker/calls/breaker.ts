import type { CallPolicy } from '../../domain/call-policy.ts';
import type { Clock } from '../../io/clock.ts';
import type { NotCalled } from './call-outcome.ts';
import { CallWindow } from './call-window.ts';
import { Ramp } from './ramp.ts';
import { RateMeter } from './rate-meter.ts';

export type BreakerState = 'closed' | 'open' | 'half-open' | 'ramping';
export type BreakerForce = 'open' | 'closed';

/**
 * What a finished call says of the other side. `good` is any answer that shows it to work, a
 * refusal too; `unknown` says nothing, as when the caller gave up.
 */
export type Verdict = 'good' | 'bad' | 'unknown' | { throttledMs: number | undefined };

export type Admission =
  | { kind: 'admitted'; settle: (verdict: Verdict) => void }
  | { kind: 'turned-away'; reason: NotCalled; waitMs: number };

type State =
  | { kind: 'closed' }
  | { kind: 'open'; untilMs: number; reason: 'failures' | 'throttled' }
  | { kind: 'half-open'; inFlight: number; passed: number }
  | { kind: 'ramping'; ramp: Ramp };

export interface BreakerView {
  state: BreakerState;
  forced: BreakerForce | null;
  /** Epoch milliseconds; null unless open. */
  openUntilMs: number | null;
  openReason: 'failures' | 'throttled' | null;
  /** Calls in the window, and those of them that failed or were slow. */
  calls: number;
  bad: number;
}

/**
 * Stands before one third party of one tenant, and keeps calls from it while it does not work.
 *
 *     closed ──too many bad calls, or 429──> open ──time is over──> half-open
 *       ^                                     ^                      │     │
 *       └── quiet ── ramping <── all probes good ── or one bad ──────┘─────┘
 *
 * Half-open lets `probes` calls through and turns the others away at once: nobody queues here, so
 * nothing is let loose when it closes. What runs when the state changes belongs to the old state:
 * its end is not counted in the new one.
 */
export class Breaker {
  readonly #policy: CallPolicy;
  readonly #clock: Clock;
  readonly #window: CallWindow;
  readonly #meter = new RateMeter();
  readonly #onChange: ((from: BreakerState, to: BreakerState) => void) | undefined;
  #state: State = { kind: 'closed' };
  #forced: BreakerForce | null = null;
  #generation = 0;
  #failedProbes = 0;
  #steady = 0;

  constructor(
    policy: CallPolicy,
    clock: Clock,
    onChange?: (from: BreakerState, to: BreakerState) => void,
  ) {
    this.#policy = policy;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#window = new CallWindow({ calls: policy.windowCalls, ms: policy.windowMs });
  }

  admit(): Admission {
    const nowMs = this.#clock.monotonicMs();
    this.#move(nowMs);
    const away = this.#forced === 'closed' ? undefined : this.#objection(nowMs);
    if (away !== undefined) return { kind: 'turned-away', ...away };
    const state = this.#state;
    if (state.kind === 'closed') this.#meter.count(nowMs);
    if (state.kind === 'half-open') state.inFlight += 1;
    const generation = this.#generation;
    let settled = false;
    return {
      kind: 'admitted',
      settle: (verdict) => {
        if (settled || generation !== this.#generation) return;
        settled = true;
        this.#settle(verdict, nowMs);
      },
    };
  }

  view(): BreakerView {
    const nowMs = this.#clock.monotonicMs();
    this.#move(nowMs);
    const state = this.#state;
    const isOpen = state.kind === 'open';
    return {
      state: state.kind,
      forced: this.#forced,
      openUntilMs: isOpen ? Math.ceil(this.#clock.nowMs() + state.untilMs - nowMs) : null,
      openReason: isOpen ? state.reason : null,
      ...this.#window.at(nowMs),
    };
  }

  /** An operator's word stands until it is taken back (null); the breaker then begins anew. */
  force(forced: BreakerForce | null): void {
    this.#forced = forced;
    this.#window.clear();
    this.#failedProbes = 0;
    this.#become({ kind: 'closed' });
  }

  #objection(nowMs: number): { reason: NotCalled; waitMs: number } | undefined {
    const state = this.#state;
    const { openCapMs, probes, slowCallMs } = this.#policy;
    if (this.#forced === 'open') return { reason: 'breaker-forced-open', waitMs: openCapMs };
    switch (state.kind) {
      case 'closed':
        return undefined;
      case 'open':
        return { reason: 'breaker-open', waitMs: state.untilMs - nowMs };
      case 'half-open':
        if (state.inFlight + state.passed < probes) return undefined;
        return { reason: 'breaker-probing', waitMs: slowCallMs };
      case 'ramping': {
        const waitMs = state.ramp.take(nowMs);
        return waitMs === 0 ? undefined : { reason: 'breaker-ramping', waitMs };
      }
    }
  }

  /** Changes that come with time alone. */
  #move(nowMs: number): void {
    const state = this.#state;
    if (state.kind === 'open' && nowMs >= state.untilMs) {
      this.#become({ kind: 'half-open', inFlight: 0, passed: 0 });
    } else if (state.kind === 'ramping' && state.ramp.isOver(nowMs)) {
      this.#failedProbes = 0;
      // Calls in flight go on to count: closing ends a limit, and nothing else.
      this.#become({ kind: 'closed' }, this.#generation);
    }
  }

  #settle(verdict: Verdict, admittedMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const state = this.#state;
    if (typeof verdict === 'object') return this.#throttle(nowMs, verdict.throttledMs);
    const slow = nowMs - admittedMs >= this.#policy.slowCallMs;
    const bad = verdict === 'bad' || (verdict === 'good' && slow);
    if (state.kind === 'half-open') {
      state.inFlight -= 1;
      if (verdict !== 'unknown') this.#judgeProbe(state, bad);
      return;
    }
    if (verdict === 'unknown') return;
    this.#window.add(nowMs, bad);
    if (!bad) return;
    const { minimumCalls, failurePercent } = this.#policy;
    const seen = this.#window.at(nowMs);
    const tooMany = seen.bad * 100 >= failurePercent * seen.calls;
    if (seen.calls >= minimumCalls && tooMany) this.#open(nowMs);
  }

  #judgeProbe(state: State & { kind: 'half-open' }, bad: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    if (bad) {
      this.#failedProbes += 1;
      return this.#open(nowMs);
    }
    state.passed += 1;
    if (state.passed < this.#policy.probes) return;
    const { rampMs, rampFloor } = this.#policy;
    const steady = Math.max(this.#steady, rampFloor);
    this.#become({ kind: 'ramping', ramp: new Ramp({ nowMs, rampMs, steady }) });
  }

  #open(nowMs: number): void {
    const { openMs, openCapMs } = this.#policy;
    const forMs = Math.min(openCapMs, openMs * 2 ** Math.min(this.#failedProbes, 20));
    this.#openFor(forMs, { nowMs, reason: 'failures' });
  }

  #throttle(nowMs: number, askedMs: number | undefined): void {
    const { openMs, retryAfterCapMs } = this.#policy;
    const forMs = Math.min(Math.max(askedMs ?? openMs, 1), retryAfterCapMs);
    this.#openFor(forMs, { nowMs, reason: 'throttled' });
  }

  #openFor(forMs: number, why: { nowMs: number; reason: 'failures' | 'throttled' }): void {
    if (this.#forced === 'closed') return;
    // Only closed does the meter tell of what callers want; later it tells of our own limit.
    if (this.#state.kind === 'closed') this.#steady = this.#meter.perSecond(why.nowMs);
    this.#window.clear();
    this.#become({ kind: 'open', untilMs: why.nowMs + forMs, reason: why.reason });
  }

  #become(state: State, generation = this.#generation + 1): void {
    const from = this.#state.kind;
    this.#state = state;
    this.#generation = generation;
    if (from !== state.kind) this.#onChange?.(from, state.kind);
  }
}
