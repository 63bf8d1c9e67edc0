import type {
  Decision,
  OwnEngine,
  RegionalPreview,
  RegionalQuery,
  RegionAsOf,
  RegionSlots,
} from '../contract/engine-link.ts';
import type { Repairs } from '../contract/repairs.ts';
import { catchUpLimitMs, catchUpPauseMs } from './config.ts';
import type { EngineDependencies } from './dependencies.ts';
import { judgeCatalogue } from './judge-catalogue.ts';
import type { Ownership } from './ownership.ts';
import { availability } from './placement/availability.ts';
import type { RegionState } from './placement/region-state.ts';
import type { RegionLoop } from './region-loop.ts';
import { isWholeTenant, tenantAvailability } from './tenant-availability.ts';

type Needs = Pick<EngineDependencies, 'clock'>;

/**
 * Answers from memory about the regions that this process owns. Without being told how the database
 * has a region, an answer is right because the lease holds and changes by others are found within
 * an idle poll; with it (`RegionAsOf`), because memory has come as far as that.
 */
export class OwnRegions implements OwnEngine {
  readonly #clock: Needs['clock'];
  readonly #ownership: Ownership;
  readonly #listeners: Set<(decision: Decision) => void>;

  constructor(
    { clock }: Needs,
    ownership: Ownership,
    listeners: Set<(decision: Decision) => void>,
  ) {
    this.#clock = clock;
    this.#ownership = ownership;
    this.#listeners = listeners;
  }

  wake(): void {
    this.#ownership.wake();
  }

  onDecision(listener: (decision: Decision) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  ownsAllOf(tenantId: string): boolean {
    return isWholeTenant(this.#here(tenantId));
  }

  availability({ tenantId, ...query }: RegionalQuery['query']) {
    const now = this.#clock.nowSeconds();
    const slots = tenantAvailability(this.#here(tenantId), { ...query, now });
    return slots && { slots, asOf: now };
  }

  async availabilityOf({ query, now, regions }: RegionalQuery): Promise<RegionSlots[]> {
    const { tenantId, ...demand } = query;
    const asked = regions.map(async (asOf) => {
      const state = await this.#caughtUp(tenantId, asOf);
      if (state === undefined) return undefined;
      const { slots } = availability(state, { ...demand, now });
      return { region: asOf.region, slots };
    });
    return (await Promise.all(asked)).filter((found) => found !== undefined);
  }

  async previewAbsence({ asked, now, region }: RegionalPreview): Promise<Repairs | undefined> {
    const { tenantId, ...absence } = asked;
    const state = await this.#caughtUp(tenantId, region);
    if (state?.resources.has(absence.resourceId) !== true) return undefined;
    const change = {
      kind: 'absence',
      absence: { ...absence, id: 'preview' },
      reason: null,
    } as const;
    return judgeCatalogue(state, change, { now, region: region.region }).repairs;
  }

  #here(tenantId: string): Map<string, RegionState> {
    const found = new Map<string, RegionState>();
    for (const { lease, memory } of this.#ownership.loopsOf(tenantId)) {
      if (memory.presentable !== undefined) found.set(lease.region, memory.presentable);
    }
    return found;
  }

  /** The region once it is here and knows what it must; undefined where that takes long. */
  async #caughtUp(tenantId: string, asOf: RegionAsOf): Promise<RegionState | undefined> {
    const untilMs = this.#clock.monotonicMs() + catchUpLimitMs;
    let hastened: RegionLoop | undefined;
    for (;;) {
      const loop = this.#ownership.loopsOf(tenantId).find(({ lease }) => isOf(lease, asOf));
      if (loop !== undefined && knows(loop, asOf)) return loop.memory.presentable;
      if (this.#clock.monotonicMs() >= untilMs) return undefined;
      if (loop !== hastened) loop?.memory.recheck();
      if (loop !== hastened) loop?.wake();
      hastened = loop;
      await this.#clock.sleep(catchUpPauseMs);
    }
  }
}

function isOf(lease: RegionLoop['lease'], { region, token }: RegionAsOf): boolean {
  return lease.region === region && lease.token >= token;
}

function knows({ memory }: RegionLoop, { position, catalogueVersion }: RegionAsOf): boolean {
  const { presentable } = memory;
  if (presentable === undefined) return false;
  return memory.position >= position && memory.catalogueVersion >= catalogueVersion;
}
