import type { RegionLease, RegionPosition } from '../store/write/region-lease.ts';
import { readPosition } from '../store/write/region-lease.ts';
import { readSharedCatalogue } from '../store/read/region.ts';
import { applyCatalogue } from './commit-catalogue.ts';
import type { CatalogueChange } from './catalogue-change.ts';
import { idlePollMs, pruneIntervalMs } from './config.ts';
import type { EngineDependencies } from './dependencies.ts';
import { holdHorizon, pruneHolds } from './hold-horizon.ts';
import { loadRegion } from './load-region.ts';
import type { RegionState } from './placement/region-state.ts';

type Needs = Pick<EngineDependencies, 'database' | 'hotDatabase' | 'clock' | 'log'>;

/**
 * A region in memory, and of when it is: the position of its decisions and the version of the
 * catalogue that all regions of the tenant share. Every commit checks both, so memory may be old
 * but nothing is decided on it; whoever changes something that others have in memory moves their
 * position or version in the same transaction.
 */
export class RegionMemory {
  readonly #lease: RegionLease;
  readonly #needs: Needs;
  readonly #firstLoad = Promise.withResolvers<void>();
  #state: RegionState | undefined;
  #position = 0;
  #catalogueVersion = 0;
  /** What others of this process have committed, which may be more than is known here. */
  #toldVersion = 0;
  #timesOutdated = 0;
  #timesUpdated = 0;
  #lost = false;
  #everLoaded = false;
  #pruneAtMs = 0;
  #checkAtMs = 0;

  constructor(lease: RegionLease, needs: Needs) {
    this.#lease = lease;
    this.#needs = needs;
  }

  get state(): RegionState | undefined {
    return this.#state;
  }

  /** What may be told to clients: nothing while it is known to be behind. */
  get presentable(): RegionState | undefined {
    return this.#isBehind() ? undefined : this.#state;
  }

  get position(): number {
    return this.#position;
  }

  get catalogueVersion(): number {
    return this.#catalogueVersion;
  }

  /** True once a statement found that another process owns the region. */
  get lost(): boolean {
    return this.#lost;
  }

  get everLoaded(): boolean {
    return this.#everLoaded;
  }

  /** Resolves once the region is in memory, or will not be. */
  get loaded(): Promise<void> {
    return this.#firstLoad.promise;
  }

  giveUp(): void {
    this.#firstLoad.resolve();
  }

  drop(): void {
    this.#state = undefined;
  }

  /** Others may have changed what is held here; to be looked at in the next turn. */
  recheck(): void {
    this.#checkAtMs = 0;
  }

  /** Others have taken something away: what is in memory must not be shown any more. */
  outdate(): void {
    this.#timesOutdated += 1;
    this.#checkAtMs = 0;
  }

  /** Own decisions are committed. */
  advance(decisions: number): void {
    this.#position += decisions;
  }

  /** A change of the shared catalogue is committed, by this region's loop or another's. */
  adopt(version: number, change: CatalogueChange): void {
    this.#toldVersion = Math.max(this.#toldVersion, version);
    this.#checkAtMs = 0;
    if (this.#state === undefined || this.#catalogueVersion !== version - 1) return;
    applyCatalogue(this.#state, change, {});
    this.#catalogueVersion = version;
  }

  /** Loads what is not in memory. */
  async ensure(): Promise<RegionState | undefined> {
    if (this.#lost) return undefined;
    if (this.#state !== undefined && this.#isBehind()) await this.verify();
    if (this.#state === undefined && !this.lost) await this.#load();
    return this.#state;
  }

  /** Finds changes of other processes that no commit of our own runs into. */
  async verifyWhenIdle(): Promise<void> {
    const nowMs = this.#needs.clock.monotonicMs();
    if (nowMs < this.#checkAtMs) return;
    this.#checkAtMs = nowMs + idlePollMs;
    await this.verify();
  }

  /** Brings memory up to date, as cheaply as what has changed allows. */
  async verify(): Promise<void> {
    // What is told from here on may not be in what is read below.
    const told = this.#timesOutdated;
    const now = await this.#read();
    if (now === undefined || this.#state === undefined) return;
    if (now.position !== this.#position) return this.#load();
    if (now.catalogueVersion !== this.#catalogueVersion) await this.#refresh(now);
    this.#timesUpdated = told;
  }

  #isBehind(): boolean {
    return this.#timesUpdated < this.#timesOutdated || this.#catalogueVersion < this.#toldVersion;
  }

  async prune(): Promise<void> {
    const { database, clock } = this.#needs;
    if (clock.monotonicMs() < this.#pruneAtMs) return;
    this.#pruneAtMs = clock.monotonicMs() + pruneIntervalMs;
    const sinceS = await holdHorizon(database, this.#lease, clock.nowSeconds());
    if (this.#state !== undefined) pruneHolds(this.#state, sinceS);
  }

  async #read(): Promise<RegionPosition | undefined> {
    const now = await readPosition(this.#needs.hotDatabase, this.#lease);
    if (now === undefined) {
      this.#lost = true;
      this.#firstLoad.resolve();
    }
    return now;
  }

  // What is read is of the version or newer, never older: the version was read before it.
  async #refresh({ catalogueVersion }: RegionPosition): Promise<void> {
    const { serviceTypes, locations } = await readSharedCatalogue(
      this.#needs.database,
      this.#lease.tenantId,
    );
    for (const serviceType of serviceTypes) this.#state?.putServiceType(serviceType);
    for (const location of locations) this.#state?.putLocation(location);
    this.#catalogueVersion = catalogueVersion;
  }

  async #load(): Promise<void> {
    const { database, clock, log } = this.#needs;
    const startedMs = clock.monotonicMs();
    const told = this.#timesOutdated;
    const read = await this.#read();
    if (read === undefined) return;
    const { state, strays } = await loadRegion(database, this.#lease, clock.nowSeconds());
    this.#state = state;
    this.#position = read.position;
    this.#catalogueVersion = read.catalogueVersion;
    this.#timesUpdated = told;
    this.#everLoaded = true;
    this.#pruneAtMs = clock.monotonicMs() + pruneIntervalMs;
    this.#firstLoad.resolve();
    const where = { tenant: this.#lease.tenantId, region: this.#lease.region };
    if (strays.length > 0) log.error({ ...where, strays: strays.slice(0, 10) }, 'holds on no lane');
    const ms = Math.round(clock.monotonicMs() - startedMs);
    log.info({ ...where, ms, holds: state.holds.size }, 'region loaded');
  }
}
