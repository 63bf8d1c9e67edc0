import type { CatalogueChange } from './catalogue-change.ts';

/**
 * The other regions' loops in this process, as one of them sees them. All of it only saves time:
 * loops of other processes find the same in the database.
 */
export interface Siblings {
  /** Commands have come to other regions, or those that waited there may go on. */
  wake(): void;
  /** Holds of these regions are freed. */
  recheck(regions: readonly string[]): void;
  /** A resource has left the region. */
  outdate(region: string): void;
  /** The catalogue has changed; `versions` by region. */
  adopt(versions: ReadonlyMap<string, number>, change: CatalogueChange): void;
}
