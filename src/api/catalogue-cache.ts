import { Problem } from '../contract/problem.ts';
import type { TenantReads } from '../io/tenant-reads.ts';
import {
  findCatalogueVersion,
  loadCatalogue,
  type CatalogueLocation,
  type CatalogueRow,
} from '../store/read/catalogue.ts';

/** A tenant's catalogue at one version, arranged for checking bookings. */
export interface Catalogue {
  version: number;
  rejectsUnknownLocations: boolean;
  /** By code; the value says whether it is active. */
  serviceTypes: ReadonlyMap<string, boolean>;
  resources: ReadonlyMap<string, { active: boolean; region: string }>;
  locations: ReadonlyMap<string, CatalogueLocation>;
  locationsByName: ReadonlyMap<string, readonly CatalogueLocation[]>;
  /** The region that is asked first where neither a location nor a resource names one. */
  firstRegion: string;
}

/**
 * Catalogues by tenant, as they were when last read. A stale one can refuse nothing and accept
 * nothing: who finds fault reads it anew first, and the statement that accepts compares versions.
 */
export class CatalogueCache {
  readonly #reads: TenantReads;
  readonly #maxTenants: number;
  readonly #catalogues = new Map<string, Catalogue>();
  readonly #loading = new Map<string, Promise<Catalogue>>();

  constructor(reads: TenantReads, maxTenants: number) {
    this.#reads = reads;
    this.#maxTenants = maxTenants;
  }

  async get(tenantId: string): Promise<Catalogue> {
    return this.#catalogues.get(tenantId) ?? (await this.#load(tenantId));
  }

  /** The catalogue as the database has it now. */
  async refresh(tenantId: string): Promise<Catalogue> {
    const version = await findCatalogueVersion(this.#reads.of(tenantId), tenantId);
    const known = this.#catalogues.get(tenantId);
    if (known !== undefined && known.version === version) return known;
    return this.#load(tenantId, version);
  }

  async #load(tenantId: string, atLeast = 0): Promise<Catalogue> {
    const loading = this.#loading.get(tenantId) ?? this.#read(tenantId);
    const catalogue = await loading;
    // A read under way may have begun before the version that the caller has seen.
    return catalogue.version >= atLeast ? catalogue : this.#load(tenantId, atLeast);
  }

  #read(tenantId: string): Promise<Catalogue> {
    const reading = this.#readNow(tenantId).finally(() => this.#loading.delete(tenantId));
    this.#loading.set(tenantId, reading);
    return reading;
  }

  async #readNow(tenantId: string): Promise<Catalogue> {
    const row = await loadCatalogue(this.#reads.of(tenantId), tenantId);
    if (row === undefined) throw new Problem('not-found', 'there is no such tenant');
    const catalogue = arrange(row);
    // The oldest goes first: insertion order is the order of loading.
    this.#catalogues.delete(tenantId);
    this.#catalogues.set(tenantId, catalogue);
    for (const oldest of this.#catalogues.keys()) {
      if (this.#catalogues.size <= this.#maxTenants) break;
      this.#catalogues.delete(oldest);
    }
    return catalogue;
  }
}

function arrange(row: CatalogueRow): Catalogue {
  const byName = new Map<string, CatalogueLocation[]>();
  for (const location of row.locations) {
    const namesakes = byName.get(location.name);
    if (namesakes === undefined) byName.set(location.name, [location]);
    else namesakes.push(location);
  }
  return {
    version: row.version,
    rejectsUnknownLocations: row.settings['unknown_locations'] === 'reject',
    serviceTypes: new Map(row.service_types.map(({ code, active }) => [code, active])),
    resources: new Map(row.resources.map(({ id, ...resource }) => [id, resource])),
    locations: new Map(row.locations.map((location) => [location.id, location])),
    locationsByName: byName,
    firstRegion: [...row.regions].sort()[0] ?? 'default',
  };
}
