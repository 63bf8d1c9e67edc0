/**
 * The engines of the installation behind one face. Where this process owns all of a tenant it
 * answers from its own memory. Else each question begins with one read: which regions it is about,
 * who owns them, and how far each has come. An owner answers for its regions only if it has come as
 * far, so no answer is older than the question, whatever changes hands meanwhile:
 *
 *   read owners ──> ask each of them ──> all regions told: merge
 *        └────────────── not all ──────┘ again for a moment, then 503
 */
import type {
  AbsencePreviewQuery,
  Availability,
  AvailabilityQuery,
  Decision,
  EngineLink,
  OwnEngine,
  RegionOwner,
} from '../../contract/engine-link.ts';
import { unavailable } from '../../contract/problem.ts';
import type { Repairs } from '../../contract/repairs.ts';
import { mergeAvailableSlots } from '../../domain/available-slot.ts';
import type { Clock } from '../../io/clock.ts';
import type { Log } from '../../io/log.ts';
import type { Queries } from '../../io/postgres.ts';
import type { TenantReads } from '../../io/tenant-reads.ts';
import { findRegionOwners, type OwnedRegion, type Place } from '../../store/read/region-owners.ts';
import { apiConfig, type ApiConfig } from '../config.ts';
import { EnginePeers } from './engine-peers.ts';

export interface EnginesOptions {
  reads: TenantReads;
  directory: Queries;
  clock: Clock;
  log: Log;
  /** This process. */
  identity: { readonly processId: string };
  /** Its engine, where it has one. */
  own: OwnEngine | undefined;
  /** What engines of other processes are asked with; undefined: they are not asked. */
  secret: string | undefined;
}

export class Engines implements EngineLink {
  readonly #options: EnginesOptions;
  readonly #limits: ApiConfig;
  readonly #peers: EnginePeers | undefined;
  readonly #listeners = new Set<(decision: Decision) => void>();

  constructor(options: EnginesOptions, limits: ApiConfig = apiConfig) {
    this.#options = options;
    this.#limits = limits;
    const { secret, own } = options;
    const { processId } = options.identity;
    const onDecision = (decision: Decision): void => this.#publish(decision);
    own?.onDecision(onDecision);
    if (secret !== undefined) {
      this.#peers = new EnginePeers({ ...options, limits, secret, processId, onDecision });
    }
  }

  start(): Promise<void> {
    this.#peers?.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#peers?.stop();
  }

  /** The api does its work without them. */
  ready(): undefined {
    return undefined;
  }

  wake(): void {
    this.#options.own?.wake();
    this.#peers?.wake();
  }

  onDecision(listener: (decision: Decision) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async availability(query: AvailabilityQuery): Promise<Availability> {
    const { own, clock } = this.#options;
    const { tenantId, location, resourceId, limit } = query;
    const known = own?.ownsAllOf(tenantId) === true ? own.availability(query) : undefined;
    if (known !== undefined) return known;
    const locationId = location?.kind === 'catalogue' ? location.id : undefined;
    return this.#untilTold({ tenantId, locationId, resourceId }, async (regions) => {
      const now = clock.nowSeconds();
      const asked = [...byOwner(regions)].map(([owner, owned]) =>
        this.#engineAt(owner).availabilityOf({ query, now, regions: owned }),
      );
      const told = (await Promise.all(asked)).flat();
      if (told.length < regions.length) return undefined;
      const slots = told.map((region) => region.slots);
      return { slots: mergeAvailableSlots(slots, limit), asOf: now };
    });
  }

  previewAbsence(asked: AbsencePreviewQuery): Promise<Repairs> {
    const { tenantId, resourceId } = asked;
    return this.#untilTold({ tenantId, resourceId }, async ([region]) => {
      if (region === undefined) return undefined;
      const now = this.#options.clock.nowSeconds();
      return this.#engineAt(region.owner).previewAbsence({ asked, now, region });
    });
  }

  /** Reads and asks again while regions change hands, but not for long. */
  async #untilTold<T>(
    place: Place,
    ask: (regions: OwnedRegion[]) => Promise<T | undefined>,
  ): Promise<T> {
    const { clock, reads } = this.#options;
    const untilMs = clock.monotonicMs() + this.#limits.engineAnswerMs;
    for (;;) {
      const told = await ask(await findRegionOwners(reads.of(place.tenantId), place));
      if (told !== undefined) return told;
      if (clock.monotonicMs() >= untilMs) {
        throw unavailable('no engine that is sure to own the region answers at the moment');
      }
      await clock.sleep(this.#limits.engineRetryMs);
    }
  }

  #engineAt(owner: OwnedRegion['owner']): RegionOwner {
    const { own, identity } = this.#options;
    if (owner === undefined) return nobody;
    if (own !== undefined && owner.processId === identity.processId) return own;
    const { processId, url } = owner;
    // Waiting would not help: this is how the installation is set up.
    if (url === undefined) {
      throw unavailable('the engine is in another process, where INTERNAL_PORT is not set');
    }
    if (this.#peers === undefined) {
      throw unavailable('the engine is in another process, and INTERNAL_SECRET is not set in this');
    }
    return this.#peers.at({ processId, url });
  }

  #publish(decision: Decision): void {
    for (const listener of this.#listeners) listener(decision);
  }
}

const nobody: RegionOwner = {
  availabilityOf: () => Promise.resolve([]),
  previewAbsence: () => Promise.resolve(undefined),
};

function byOwner(regions: readonly OwnedRegion[]): Map<OwnedRegion['owner'], OwnedRegion[]> {
  const ids = new Map<string | undefined, OwnedRegion[]>();
  for (const region of regions) {
    const id = region.owner?.processId;
    ids.set(id, [...(ids.get(id) ?? []), region]);
  }
  return new Map([...ids.values()].map((owned) => [owned[0]?.owner, owned]));
}
