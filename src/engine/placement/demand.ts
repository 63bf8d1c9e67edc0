import type { Slot } from '../../domain/slot.ts';

/** A location of the catalogue, or free text, which constrains nothing. */
export type RequestedLocation = { kind: 'catalogue'; id: string } | { kind: 'free'; text: string };

/** What is asked of a resource, the time left aside. */
export interface Demand {
  serviceType: string;
  /** Absent: any location where a capable resource works. */
  location?: RequestedLocation | undefined;
  /** This resource and no other. */
  resourceId?: string | undefined;
  /** None of these. */
  excluded?: readonly string[] | undefined;
}

export interface PlacementRequest extends Demand {
  slot: Slot;
}
