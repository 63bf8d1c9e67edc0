import type { Decision } from '../contract/engine-link.ts';
import {
  acquireFreeRegions,
  releaseOwnRegions,
  renewOwnRegions,
  type LeaseHolder,
  type RegionLease,
} from '../store/write/region-lease.ts';
import { acquireIntervalMs, startLimitMs } from './config.ts';
import type { EngineDependencies } from './dependencies.ts';
import { RegionLoop } from './region-loop.ts';

/**
 * Takes free regions, keeps the leases of those it owns, and runs one loop per region. A lease is
 * liveness: what keeps a deposed owner from writing is the token in each of its statements.
 */
export class Ownership {
  readonly #needs: EngineDependencies;
  readonly #publish: (decision: Decision) => void;
  readonly #loops = new Map<string, RegionLoop>();
  readonly #stopping = new AbortController();
  #leaseUntilMs = 0;
  #trouble: string | undefined = 'not started';
  #running: Promise<void> = Promise.resolve();

  constructor(needs: EngineDependencies, publish: (decision: Decision) => void) {
    this.#needs = needs;
    this.#publish = publish;
  }

  async start(): Promise<void> {
    await this.#tend(true).catch((error: unknown) => this.#note(error));
    this.#running = this.#run();
    await this.#loaded();
  }

  /** Waits for what is being loaded, but not for a database that has gone away meanwhile. */
  async #loaded(): Promise<void> {
    const over = new AbortController();
    const limit = this.#needs.clock.sleep(startLimitMs, over.signal);
    await Promise.race([Promise.all([...this.#loops.values()].map((loop) => loop.loaded)), limit]);
    over.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
    this.#loops.clear();
    await releaseOwnRegions(this.#needs.database, this.#needs.identity.processId).catch(() => undefined);
  }

  wake(): void {
    for (const loop of this.#loops.values()) loop.wake();
  }

  /** The loop of a region while its lease is known to hold: never a stale yes. */
  loopOf(tenantId: string, region: string): RegionLoop | undefined {
    if (this.#needs.clock.monotonicMs() >= this.#leaseUntilMs) return undefined;
    return this.#loops.get(key({ tenantId, region }));
  }

  /** Why the engine cannot work, or undefined. An engine without a region stands by. */
  trouble(): string | undefined {
    if (this.#trouble !== undefined) return this.#trouble;
    const loading = [...this.#loops.values()].some((loop) => loop.state === undefined);
    return loading ? 'a region is being loaded' : undefined;
  }

  async #run(): Promise<void> {
    const { clock, config } = this.#needs;
    const renewMs = (config.leaseSeconds * 1000) / 3;
    let renewAtMs = clock.monotonicMs() + renewMs;
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(Math.min(acquireIntervalMs, renewMs), this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      const renews = clock.monotonicMs() >= renewAtMs;
      if (renews) renewAtMs = clock.monotonicMs() + renewMs;
      await this.#tend(renews).catch((error: unknown) => this.#note(error));
    }
  }

  async #tend(renews: boolean): Promise<void> {
    const { database, clock, config, metrics } = this.#needs;
    const holder = this.#holder();
    const askedMs = clock.monotonicMs();
    if (renews) {
      const owned = await renewOwnRegions(database, holder);
      this.#leaseUntilMs = askedMs + config.leaseSeconds * 1000;
      await this.#dropLost(owned);
    }
    for (const lease of await acquireFreeRegions(database, holder)) await this.#adopt(lease);
    metrics.regionsOwned.set(this.#loops.size);
    this.#trouble = undefined;
  }

  #holder(): LeaseHolder {
    const { identity, config } = this.#needs;
    const { processId, sessionKey } = identity;
    return { processId, sessionKey, leaseSeconds: config.leaseSeconds };
  }

  async #dropLost(owned: readonly RegionLease[]): Promise<void> {
    const tokens = new Map(owned.map((lease) => [key(lease), lease.token]));
    for (const [name, loop] of this.#loops) {
      if (!loop.lost && tokens.get(name) === loop.lease.token) continue;
      await this.#drop(name, loop);
    }
  }

  async #drop(name: string, loop: RegionLoop): Promise<void> {
    this.#loops.delete(name);
    await loop.stop();
    const { tenantId: tenant, region } = loop.lease;
    this.#needs.log.warn({ tenant, region }, 'region lost to another owner');
  }

  async #adopt(lease: RegionLease): Promise<void> {
    const name = key(lease);
    await this.#loops.get(name)?.stop();
    const loop = new RegionLoop(lease, this.#needs, this.#publish);
    this.#loops.set(name, loop);
    loop.start();
  }

  #note(error: unknown): void {
    if (this.#trouble === undefined) this.#needs.log.warn({ err: error }, 'engine is without leases');
    this.#trouble = 'the database does not answer';
  }
}

function key({ tenantId, region }: { tenantId: string; region: string }): string {
  return `${tenantId}/${region}`;
}
