import type { CallPolicy } from '../../domain/call-policy.ts';
import type { Clock } from '../../io/clock.ts';
import { Breaker, type BreakerForce, type BreakerState, type BreakerView } from './breaker.ts';

export interface BreakerKey {
  /** The kind of third party, from a small fixed set: "caldav". */
  provider: string;
  tenantId: string;
}

export interface BreakerChange extends BreakerKey {
  from: BreakerState;
  to: BreakerState;
}

export interface BreakersOptions {
  policyOf: (provider: string) => CallPolicy;
  clock: Clock;
  /** Above it, breakers that say nothing are dropped, the longest unused first. */
  limit?: number;
  onChange?: (change: BreakerChange) => void;
}

interface Kept extends BreakerKey {
  breaker: Breaker;
}

const defaultLimit = 10_000;

/**
 * The breakers of this process, made when first asked for. What a dropped one has known is little:
 * closed ones that nobody forced go first, and others only where there are none of these.
 */
export class Breakers {
  readonly #options: BreakersOptions;
  readonly #limit: number;
  /** In the order of last use. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: BreakersOptions) {
    this.#options = options;
    this.#limit = options.limit ?? defaultLimit;
  }

  of(key: BreakerKey): Breaker {
    const name = nameOf(key);
    let kept = this.#kept.get(name);
    if (kept === undefined) {
      if (this.#kept.size >= this.#limit) this.#dropOne();
      kept = { provider: key.provider, tenantId: key.tenantId, breaker: this.#create(key) };
    } else this.#kept.delete(name);
    this.#kept.set(name, kept);
    return kept.breaker;
  }

  /** All of them, or those that are worth a look: not closed, or forced. */
  list({ all = false } = {}): (BreakerKey & BreakerView)[] {
    return [...this.#kept.values()]
      .map(({ provider, tenantId, breaker }) => ({ provider, tenantId, ...breaker.view() }))
      .filter((view) => all || view.state !== 'closed' || view.forced !== null);
  }

  /** In this process alone; null takes the word back. */
  force(key: BreakerKey, forced: BreakerForce | null): void {
    this.of(key).force(forced);
  }

  #create({ provider, tenantId }: BreakerKey): Breaker {
    const { policyOf, clock, onChange } = this.#options;
    return new Breaker(policyOf(provider), clock, (from, to) =>
      onChange?.({ provider, tenantId, from, to }),
    );
  }

  #dropOne(): void {
    let [dropped = ''] = this.#kept.keys();
    for (const [name, { breaker }] of this.#kept) {
      const { state, forced } = breaker.view();
      if (state !== 'closed' || forced !== null) continue;
      dropped = name;
      break;
    }
    // Told as closed, so that whoever counts the open ones does not count it for ever.
    this.#kept.get(dropped)?.breaker.force(null);
    this.#kept.delete(dropped);
  }
}

function nameOf({ provider, tenantId }: BreakerKey): string {
  return `${provider}\n${tenantId}`;
}
