import type { Metrics } from '../../io/metrics.ts';
import type { BreakerChange } from './breakers.ts';

/** Counts breakers that are not closed, by provider: tenants are too many for labels. */
export function countingBreakers(
  metrics: Pick<Metrics, 'breakers' | 'breakerChanges'>,
): (change: BreakerChange) => void {
  return ({ provider, from, to }) => {
    metrics.breakerChanges.inc({ provider, to });
    if (from !== 'closed') metrics.breakers.dec({ provider, state: from });
    if (to !== 'closed') metrics.breakers.inc({ provider, state: to });
  };
}
