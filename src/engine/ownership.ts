import type { Decision } from '../contract/engine-link.ts';
import {
  acquireFreeRegions,
  releaseOwnRegions,
  renewOwnRegions,
  type LeaseHolder,
  type RegionLease,
} from '../store/write/region-lease.ts';
import { acquireIntervalMs, startLimitMs, stopLimitMs } from './config.ts';
import type { EngineDependencies } from './dependencies.ts';
import { RegionLoop } from './region-loop.ts';
import type { Siblings } from './siblings.ts';

/**
 * Takes free regions, keeps the leases of those it owns, and runs one loop per region. A lease is
 * liveness: what keeps a deposed owner from writing is the token in each of its statements. So
 * nothing here waits for a loop that ends: its successor may run beside it.
 */
export class Ownership {
  readonly #needs: EngineDependencies;
  readonly #publish: (decision: Decision) => void;
  readonly #loops = new Map<string, RegionLoop>();
  readonly #ending = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #looking = new AbortController();
  #leaseUntilMs = 0;
  #trouble: string | undefined = 'not started';
  #running: Promise<void> = Promise.resolve();

  constructor(needs: EngineDependencies, publish: (decision: Decision) => void) {
    this.#needs = needs;
    this.#publish = publish;
  }

  async start(): Promise<void> {
    this.#trouble = 'no leases yet';
    await this.#within(startLimitMs, this.#attempt(true));
    this.#running = this.#run();
    const loaded = [...this.#loops.values()].map((loop) => loop.memory.loaded);
    await this.#within(startLimitMs, Promise.all(loaded));
  }

  /** Lets batches in flight finish, then lets others have the regions at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const [name, loop] of this.#loops) this.#end(name, loop);
    await this.#within(stopLimitMs, Promise.all([this.#running, ...this.#ending]));
    this.#trouble = 'stopped';
    const { database, identity } = this.#needs;
    const released = releaseOwnRegions(database, identity.processId).catch(() => undefined);
    await this.#within(stopLimitMs / 4, released);
  }

  wake(): void {
    for (const loop of this.#loops.values()) loop.wake();
  }

  /** The tenant's loops that run here, while their leases are known to hold: never a stale yes. */
  loopsOf(tenantId: string): RegionLoop[] {
    if (this.#needs.clock.monotonicMs() >= this.#leaseUntilMs) return [];
    return [...this.#loops.values()].filter(({ lease }) => lease.tenantId === tenantId);
  }

  /** Why the engine cannot work, or undefined. An engine without a region stands by. */
  trouble(): string | undefined {
    if (this.#trouble !== undefined) return this.#trouble;
    for (const loop of this.#loops.values()) {
      const trouble = loop.trouble();
      if (trouble !== undefined) return trouble;
    }
    return undefined;
  }

  async #run(): Promise<void> {
    const { clock, config } = this.#needs;
    const renewMs = (config.leaseSeconds * 1000) / 3;
    let renewAtMs = clock.monotonicMs() + renewMs;
    while (await this.#goesOnAfter(Math.min(acquireIntervalMs, renewMs))) {
      const renews = clock.monotonicMs() >= renewAtMs;
      if (renews) renewAtMs = clock.monotonicMs() + renewMs;
      await this.#attempt(renews);
    }
  }

  async #goesOnAfter(pauseMs: number): Promise<boolean> {
    const { signal } = this.#stopping;
    this.#looking = new AbortController();
    await this.#needs.clock.sleep(pauseMs, AbortSignal.any([signal, this.#looking.signal]));
    return !signal.aborted;
  }

  async #attempt(renews: boolean): Promise<void> {
    try {
      await this.#tend(renews);
      this.#trouble = undefined;
    } catch (error) {
      const { log } = this.#needs;
      if (this.#trouble !== noAnswer) log.warn({ err: error }, 'engine cannot tend its leases');
      this.#trouble = noAnswer;
    }
  }

  async #tend(renews: boolean): Promise<void> {
    const { database, clock, config, metrics } = this.#needs;
    const holder = this.#holder();
    const askedMs = clock.monotonicMs();
    if (renews) {
      const owned = await renewOwnRegions(database, holder);
      this.#leaseUntilMs = askedMs + config.leaseSeconds * 1000;
      this.#settle(owned);
    }
    for (const [name, loop] of this.#loops) if (loop.memory.lost) this.#end(name, loop);
    for (const lease of await acquireFreeRegions(database, holder)) this.#adopt(lease);
    metrics.regionsOwned.set(this.#loops.size);
  }

  #holder(): LeaseHolder {
    const { identity, config } = this.#needs;
    const { processId, sessionKey } = identity;
    return { processId, sessionKey, leaseSeconds: config.leaseSeconds };
  }

  /** Runs exactly the regions that the database says are ours. */
  #settle(owned: readonly RegionLease[]): void {
    const tokens = new Map(owned.map((lease) => [key(lease), lease.token]));
    for (const [name, loop] of this.#loops) {
      if (tokens.get(name) !== loop.lease.token) this.#end(name, loop);
    }
    // A region may have become ours although the answer that said so was lost.
    for (const lease of owned) if (!this.#loops.has(key(lease))) this.#adopt(lease);
  }

  #adopt(lease: RegionLease): void {
    if (this.#stopping.signal.aborted) return;
    const name = key(lease);
    const before = this.#loops.get(name);
    if (before !== undefined) this.#end(name, before);
    const loop = new RegionLoop(lease, this.#needs, {
      publish: this.#publish,
      siblings: this.#siblingsOf(lease),
    });
    this.#loops.set(name, loop);
    loop.start();
  }

  #siblingsOf({ tenantId, region: own }: RegionLease): Siblings {
    const loop = (region: string) => this.#loops.get(key({ tenantId, region }));
    return {
      wake: () => this.wake(),
      recheck: (regions) => {
        for (const region of regions) {
          loop(region)?.memory.recheck();
          loop(region)?.wake();
        }
      },
      outdate: (region) => {
        loop(region)?.memory.outdate();
        loop(region)?.wake();
      },
      adopt: (versions, change) => {
        for (const [region, version] of versions) {
          if (region !== own) loop(region)?.memory.adopt(version, change);
          loop(region)?.wake();
        }
        // A region that has just begun need not wait for the next look.
        if ([...versions.keys()].some((region) => loop(region) === undefined)) {
          this.#looking.abort();
        }
      },
    };
  }

  #end(name: string, loop: RegionLoop): void {
    this.#loops.delete(name);
    const ended = loop.stop().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
    if (this.#stopping.signal.aborted) return;
    const { tenantId: tenant, region } = loop.lease;
    this.#needs.log.warn({ tenant, region }, 'region lost to another owner');
  }

  /** Waits, but not for a database that has gone away meanwhile. */
  async #within(limitMs: number, work: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    await Promise.race([work, this.#needs.clock.sleep(limitMs, over.signal)]);
    over.abort();
  }
}

const noAnswer = 'the database does not answer';

function key({ tenantId, region }: { tenantId: string; region: string }): string {
  return `${tenantId}/${region}`;
}
