/** What a calendar needs to reserve a slot. Instants are epoch seconds. */
export interface Reservation {
  /** Deterministic (`<saga id>:<step>`), so that a second call reserves nothing new. */
  id: string;
  tenantId: string;
  resourceId: string;
  start: number;
  end: number;
}

/** `reference` names what the calendar holds now; null: it holds nothing, nor needs to. */
export type ReserveOutcome =
  { kind: 'reserved'; reference: string | null } | { kind: 'refused'; reason: string };

/** The calendar of a resource. Calls that throw may have happened all the same. */
export interface Calendar {
  readonly kind: string;
  reserve(reservation: Reservation, signal: AbortSignal): Promise<ReserveOutcome>;
  /** Succeeds also where there is nothing to release. */
  release(reservation: Reservation, signal: AbortSignal): Promise<void>;
}
