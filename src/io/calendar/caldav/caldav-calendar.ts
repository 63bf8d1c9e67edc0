import { v5 } from 'uuid';
import { CallFailure } from '../../call-failure.ts';
import type { Clock } from '../../clock.ts';
import type { GuardedHttp } from '../../egress/guarded-http.ts';
import type {
  BusyTimes,
  Calendar,
  CalendarAccess,
  ListedReservation,
  Range,
  Reservation,
  ReservationKey,
  ReserveOutcome,
} from '../calendar.ts';
import { CaldavCollection, type StoredEvent } from './caldav-collection.ts';
import { eventText } from './event-text.ts';
import type { IcsReader } from './ics-reader.ts';

export interface CaldavParts {
  http: GuardedHttp;
  reader: IcsReader;
  clock: Clock;
}

// A name space of our own for UIDs, and with them for the names of resources.
const uidSpace = '6a5f7d0e-8f5b-4c5e-9b7f-3d0c6a1e2b94';
// Turns of look, then change on condition, before somebody else is taken to be at work there.
const maxTurns = 4;
const keyForm = /^[\x21-\x7e]{1,200}$/;

/**
 * A calendar by RFC 4791. The event of a reservation has a UID and a resource name made from the
 * reservation's id; it is created with `If-None-Match: *` and changed with `If-Match` alone, so
 * that a late request meets a precondition instead of doing harm. CalDAV servers do not refuse what
 * overlaps, so a slot is looked at before it is taken; what a person enters in between is found by
 * the next import of busy times.
 */
export class CaldavCalendar implements Calendar {
  readonly kind = 'caldav';
  readonly #collection: CaldavCollection;
  readonly #clock: Clock;

  constructor(access: CalendarAccess, parts: CaldavParts) {
    this.#collection = new CaldavCollection(access, parts);
    this.#clock = parts.clock;
  }

  reserve(reservation: Reservation, signal: AbortSignal): Promise<ReserveOutcome> {
    return this.#lookAndPlace(reservation, { signal, moving: false });
  }

  move(reservation: Reservation, signal: AbortSignal): Promise<ReserveOutcome> {
    return this.#lookAndPlace(reservation, { signal, moving: true });
  }

  async release(key: ReservationKey, signal: AbortSignal): Promise<void> {
    checkKey(key);
    const name = resourceName(key);
    for (let turn = 0; turn < maxTurns; turn += 1) {
      const present = await this.#collection.get(name, signal);
      if (present === undefined || !isOf(present, key)) return;
      await this.#collection.delete(present, signal);
    }
    throw new CallFailure('ambiguous', 'still-there');
  }

  async list(
    { tag, range }: { tag: string; range: Range },
    signal: AbortSignal,
  ): Promise<ListedReservation[]> {
    const { events } = await this.#collection.query(range, signal);
    return events.flatMap(({ tag: bears, reservationId, name, start, end }) =>
      bears === tag && reservationId !== null
        ? [{ id: reservationId, reference: name, start, end }]
        : [],
    );
  }

  async busy(
    { tag, range }: { tag: string; range: Range },
    signal: AbortSignal,
  ): Promise<BusyTimes> {
    const { events, unreadable } = await this.#collection.queryWithSeries(range, signal);
    const intervals = othersIn(events, tag).map(({ start, end }) => ({
      start: Math.max(start, range.start),
      end: Math.min(end, range.end),
    }));
    return { intervals, unreadable };
  }

  /** Looks at the slot first: what stands there already stays ours, whoever came later. */
  async #lookAndPlace(
    reservation: Reservation,
    { signal, moving }: { signal: AbortSignal; moving: boolean },
  ): Promise<ReserveOutcome> {
    checkKey(reservation);
    const { events } = await this.#collection.query(reservation, signal);
    // A person may have copied our event, properties and all: that copy is theirs.
    const name = resourceName(reservation);
    const own = events.find((event) => event.name === name && isOf(event, reservation));
    if (own !== undefined && isAt(own, reservation)) return { kind: 'reserved', reference: name };
    const busy = othersIn(events, reservation.tag);
    if (busy.length > 0) return { kind: 'refused', reason: 'busy', busy };
    const known = own ?? (moving ? await this.#collection.get(name, signal) : undefined);
    return this.#place(reservation, { signal, known });
  }

  async #place(
    reservation: Reservation,
    { signal, known }: { signal: AbortSignal; known: StoredEvent | undefined },
  ): Promise<ReserveOutcome> {
    const name = resourceName(reservation);
    let present = known;
    for (let turn = 0; turn < maxTurns; turn += 1) {
      if (present !== undefined && !isOf(present, reservation)) {
        return { kind: 'refused', reason: 'not-ours', busy: [] };
      }
      if (present !== undefined && isAt(present, reservation)) {
        return { kind: 'reserved', reference: name };
      }
      const text = eventText(reservation, {
        uid: uidOf(reservation),
        nowSeconds: this.#clock.nowSeconds(),
        sequence: present === undefined ? 0 : present.sequence + 1,
      });
      const stored = await this.#collection.put({ name, text, over: present }, signal);
      if (stored) return { kind: 'reserved', reference: name };
      present = await this.#collection.get(name, signal);
    }
    throw new CallFailure('failed', 'contended');
  }
}

function uidOf({ id }: ReservationKey): string {
  return v5(id, uidSpace);
}

function resourceName(key: ReservationKey): string {
  return `${uidOf(key)}.ics`;
}

function isOf({ tag, reservationId }: StoredEvent, key: ReservationKey): boolean {
  return tag === key.tag && reservationId === key.id;
}

function isAt(event: Range, { start, end }: Range): boolean {
  return event.start === start && event.end === end;
}

function othersIn(events: readonly StoredEvent[], tag: string): Range[] {
  return events
    .flatMap((event) => (event.tag === tag ? [] : event.busy))
    .sort((a, b) => a.start - b.start);
}

// They are written into the event as they are, where a line break would begin another property.
function checkKey({ id, tag }: ReservationKey): void {
  if (!keyForm.test(id) || !keyForm.test(tag)) throw new RangeError('not a key of a reservation');
}
