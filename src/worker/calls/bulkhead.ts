import type { BreakerKey } from './breakers.ts';

/**
 * Calls in flight: at most so many of a tenant and of a provider as a whole, so that a calendar
 * which hangs takes neither the places of other tenants nor those of other providers.
 */
export class Bulkhead {
  readonly #limits: (provider: string) => { perTenant: number; whole: number };
  readonly #inFlight = new Map<string, number>();

  constructor(limits: (provider: string) => { perTenant: number; whole: number }) {
    this.#limits = limits;
  }

  hasPlace({ provider, tenantId }: BreakerKey): boolean {
    const { perTenant, whole } = this.#limits(provider);
    const ofTenant = this.#inFlight.get(`${provider}\n${tenantId}`) ?? 0;
    return ofTenant < perTenant && this.inFlight(provider) < whole;
  }

  inFlight(provider: string): number {
    return this.#inFlight.get(provider) ?? 0;
  }

  /** Takes a place and answers how to leave it. */
  enter({ provider, tenantId }: BreakerKey): () => void {
    const names = [provider, `${provider}\n${tenantId}`];
    for (const name of names) this.#inFlight.set(name, (this.#inFlight.get(name) ?? 0) + 1);
    return () => {
      for (const name of names) {
        const left = (this.#inFlight.get(name) ?? 1) - 1;
        if (left === 0) this.#inFlight.delete(name);
        else this.#inFlight.set(name, left);
      }
    };
  }
}
