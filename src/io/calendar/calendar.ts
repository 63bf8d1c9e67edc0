/** Instants are epoch seconds; ranges are half-open. */
export interface Range {
  start: number;
  end: number;
}

/** Of `id` and `tag`: 1 to 200 visible ASCII characters without blanks. */
export interface ReservationKey {
  /** Deterministic (`<saga id>:<step>`), so that a second call reserves nothing new. */
  id: string;
  /** Whose reservation it is; what bears another tag, or none, is never changed or deleted. */
  tag: string;
}

export interface Reservation extends ReservationKey, Range {
  /** What people read in their calendar; no personal data unless somebody asked for it. */
  summary: string;
}

export type ReserveOutcome =
  /** `reference` names what the calendar holds now; null: it holds nothing, nor needs to. */
  | { kind: 'reserved'; reference: string | null }
  /** Somebody else's events are in the way: `busy` holds those that overlap the slot, uncut. */
  | { kind: 'refused'; reason: 'busy'; busy: Range[] }
  /** Where our event would be stands one that is not ours. */
  | { kind: 'refused'; reason: 'not-ours'; busy: [] };

export interface ListedReservation extends Range {
  id: string;
  reference: string;
}

export interface BusyTimes {
  /** Sorted by start, cut to the range; they may overlap. Events of the given tag are left out. */
  intervals: Range[];
  /** Events that could not be read, and so block nothing. */
  unreadable: number;
}

/**
 * The calendar of a resource. Every call is safe to repeat, and throws `CallFailure` where it did
 * not come to an answer: `refused` where the calendar as such cannot be used (`not-authorised`,
 * `forbidden`, `no-calendar`, `egress-address`, …), else `failed`, `ambiguous` or `throttled`.
 * A call that was given up may still land later: only a release well after it is the last word.
 */
export interface Calendar {
  readonly kind: string;
  /** Reserves the slot, or moves there what this id has reserved before. */
  reserve(reservation: Reservation, signal: AbortSignal): Promise<ReserveOutcome>;
  /** As `reserve`, for an id that is expected to hold another slot. */
  move(reservation: Reservation, signal: AbortSignal): Promise<ReserveOutcome>;
  /** Verified: the reservation is seen to be gone. Succeeds also where there is none. */
  release(key: ReservationKey, signal: AbortSignal): Promise<void>;
  /** What bears the tag and touches the range. */
  list(query: { tag: string; range: Range }, signal: AbortSignal): Promise<ListedReservation[]>;
  /** Finds what `reserve` may not: series on servers that do not know how they recur. */
  busy(query: { tag: string; range: Range }, signal: AbortSignal): Promise<BusyTimes>;
}

/** How a resource's calendar is reached, as its owner has stated it. */
export interface CalendarAccess {
  kind: 'none' | 'caldav';
  url: string | null;
  username: string | null;
  password: string | null;
  /** IANA zone of the resource, in which all-day events and floating times are meant. */
  zone: string;
}
