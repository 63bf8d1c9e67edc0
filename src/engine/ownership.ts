import type { Decision } from '../contract/engine-link.ts';
import {
  acquireFreeRegions,
  countSurplusRegions,
  releaseOwnRegions,
  releaseRegion,
  renewOwnRegions,
  type LeaseHolder,
  type RegionLease,
} from '../store/write/region-lease.ts';
import { acquireIntervalMs, startLimitMs, stopLimitMs } from './config.ts';
import { crashPoints } from './crash-points.ts';
import type { EngineDependencies } from './dependencies.ts';
import type { ExpressQueue } from './express-queue.ts';
import { RegionLoop } from './region-loop.ts';
import type { Siblings } from './siblings.ts';
import { Surplus } from './surplus.ts';

/**
 * Takes its share of the free regions, keeps the leases of those it owns, and runs one loop per
 * region. A lease is liveness: what keeps a deposed owner from writing is the token in each of its
 * statements. So nothing here waits for a loop that ends: its successor may run beside it. What is
 * more than its share it lets go of once engines with less are there, batch by batch.
 */
export class Ownership {
  readonly #needs: EngineDependencies;
  readonly #publish: (decision: Decision) => void;
  readonly #loops = new Map<string, RegionLoop>();
  readonly #ending = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #surplus = new Surplus();
  /** Regions on their way to others, until a renewal no longer says that they are ours. */
  readonly #leaving = new Map<string, number>();
  #looking = new AbortController();
  #leaseUntilMs = 0;
  #acquireFromMs = 0;
  /** The session that others see the leases by: should it end, they are anybody's at once. */
  #leaseSession: number | null = null;
  #trouble: string | undefined = 'not started';
  /** All that was owned was in memory once: a region that is gained later makes nobody unready. */
  #hasLoaded = false;
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
    const { leaseDatabase, identity } = this.#needs;
    const released = releaseOwnRegions(leaseDatabase, identity.processId).catch(() => undefined);
    await this.#within(stopLimitMs / 4, released);
  }

  wake(): void {
    for (const loop of this.#loops.values()) loop.wake();
  }

  /** The tenant's loops that run here, while their leases are known to hold: never a stale yes. */
  loopsOf(tenantId: string): RegionLoop[] {
    const { clock, identity } = this.#needs;
    if (clock.monotonicMs() >= this.#leaseUntilMs) return [];
    if (identity.sessionKey !== this.#leaseSession) return [];
    return [...this.#loops.values()].filter(({ lease }) => lease.tenantId === tenantId);
  }

  /** Where creates of a region that is owned and in memory here may wait to be decided at once. */
  express({ tenantId, region }: { tenantId: string; region: string }): ExpressQueue | undefined {
    if (this.#needs.clock.monotonicMs() >= this.#leaseUntilMs) return undefined;
    const loop = this.#loops.get(key({ tenantId, region }));
    return loop?.memory.presentable === undefined ? undefined : loop.express;
  }

  /** Why the engine cannot work, or undefined. An engine without a region stands by. */
  trouble(): string | undefined {
    if (this.#trouble !== undefined) return this.#trouble;
    if (!this.#hasLoaded && this.#isLoading()) return 'a region is being loaded';
    for (const loop of this.#loops.values()) {
      const trouble = loop.trouble();
      if (trouble !== undefined) return trouble;
    }
    return undefined;
  }

  #isLoading(): boolean {
    return [...this.#loops.values()].some((loop) => loop.isLoading());
  }

  async #run(): Promise<void> {
    const { clock, config } = this.#needs;
    const renewMs = (config.leaseSeconds * 1000) / 3;
    let renewAtMs = clock.monotonicMs() + renewMs;
    while (await this.#goesOnAfter(Math.min(acquireIntervalMs, renewMs))) {
      const hasOtherSession = this.#needs.identity.sessionKey !== this.#leaseSession;
      const renews = clock.monotonicMs() >= renewAtMs || hasOtherSession;
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
    const { leaseDatabase, clock, config, metrics } = this.#needs;
    const holder = this.#holder();
    const askedMs = clock.monotonicMs();
    if (renews) {
      const owned = await renewOwnRegions(leaseDatabase, holder);
      this.#leaseUntilMs = askedMs + config.leaseSeconds * 1000;
      this.#leaseSession = holder.sessionKey;
      this.#settle(owned);
    }
    for (const [name, loop] of this.#loops) {
      if (loop.memory.lost) this.#end(name, loop);
      else if (loop.hangs()) await this.#giveUp(name, loop);
    }
    if (clock.monotonicMs() >= this.#acquireFromMs) {
      for (const lease of await acquireFreeRegions(leaseDatabase, holder)) this.#adopt(lease);
    }
    await this.#letGo();
    metrics.regionsOwned.set(this.#loops.size);
    if (!this.#isLoading()) this.#hasLoaded = true;
  }

  async #letGo(): Promise<void> {
    const { leaseDatabase, clock, identity } = this.#needs;
    if (this.#loops.size === 0 || this.#stopping.signal.aborted) return;
    const surplus = await countSurplusRegions(leaseDatabase, identity.processId);
    const count = this.#surplus.toRelease(surplus, clock.monotonicMs());
    if (count === 0) return;
    // Those that came last: the others have been loaded for longer.
    for (const [name, loop] of [...this.#loops].slice(-count)) {
      this.#loops.delete(name);
      this.#leaving.set(name, loop.lease.token);
      const released = this.#release(name, loop).finally(() => this.#ending.delete(released));
      this.#ending.add(released);
    }
  }

  /** Whoever takes the region next fences the turn that hangs, should it ever go on. */
  async #giveUp(name: string, loop: RegionLoop): Promise<void> {
    const { leaseDatabase, identity, log } = this.#needs;
    const { tenantId: tenant, region } = loop.lease;
    log.error({ tenant, region }, 'region given up: its loop hangs');
    this.#end(name, loop);
    await releaseRegion(leaseDatabase, identity.processId, loop.lease);
  }

  /** The batch in flight first: nobody else can own the region while it may still commit. */
  async #release(name: string, loop: RegionLoop): Promise<void> {
    const { leaseDatabase, clock, identity, log } = this.#needs;
    const { tenantId: tenant, region } = loop.lease;
    await loop.stop();
    // Whoever has less looks first, or the region might come straight back.
    this.#acquireFromMs = clock.monotonicMs() + 2 * acquireIntervalMs;
    try {
      await releaseRegion(leaseDatabase, identity.processId, loop.lease);
      log.info({ tenant, region }, 'region left to another engine');
    } catch (error) {
      // Then it is still ours, or the next renewal says that it is not.
      this.#leaving.delete(name);
      log.warn({ tenant, region, err: error }, 'region not released');
    }
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
    for (const [name, token] of this.#leaving) {
      if (tokens.get(name) !== token) this.#leaving.delete(name);
    }
    // A region may have become ours although the answer that said so was lost.
    for (const lease of owned) {
      if (!this.#loops.has(key(lease)) && !this.#leaving.has(key(lease))) this.#adopt(lease);
    }
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
    const isLost = !this.#stopping.signal.aborted;
    const ended = this.#ended(loop, isLost).finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  async #ended(loop: RegionLoop, isLost: boolean): Promise<void> {
    const { tenantId: tenant, region } = loop.lease;
    const { log } = this.#needs;
    try {
      if (isLost) log.warn({ tenant, region }, 'region lost to another owner');
      if (isLost) await crashPoints.leaseLost(this.#needs);
    } catch (error) {
      log.error({ tenant, region, err: error }, 'region not left in order');
    }
    await loop.stop();
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
