import { Temporal } from 'temporal-polyfill';

import { DAY_SECONDS, dateOfDay, dayNumber } from './wall-time.ts';
import type { LocalDate } from './wall-time.ts';

// IANA names only: Temporal would also take offsets and whole date-times as time zones.
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9._+/-]{0,63}$/;

// One window of the table holds the changes of about a year; leap years need no care this way.
const WINDOW_SECONDS = 366 * DAY_SECONDS;
const MAX_CACHED_ZONES = 1_024;

/** Seconds from `start` on, up to and without `end`, during which the offset does not change. */
export interface OffsetStretch {
  start: number;
  end: number;
  offset: number;
}

/**
 * An IANA time zone with integer conversions. Asking Temporal costs microseconds and a formatter
 * each time; the tables, filled on first use, answer in nanoseconds for any year.
 */
export class TimeZone {
  readonly name: string;
  readonly #windows = new Map<number, OffsetStretch[]>();
  #last: OffsetStretch = { start: 0, end: 0, offset: 0 };

  constructor(name: string) {
    this.name = name;
    this.stretchAt(0);
  }

  /** Seconds east of UTC at an instant. */
  offsetAt(epochSeconds: number): number {
    return this.stretchAt(epochSeconds).offset;
  }

  /** The stretch of constant offset around an instant; neighbouring ones may have the same. */
  stretchAt(epochSeconds: number): OffsetStretch {
    const last = this.#last;
    if (epochSeconds >= last.start && epochSeconds < last.end) return last;
    for (const stretch of this.#windowAt(Math.floor(epochSeconds / WINDOW_SECONDS))) {
      if (epochSeconds < stretch.end) return (this.#last = stretch);
    }
    throw new RangeError(`not an instant: ${epochSeconds}`);
  }

  /** The instant of a wall time; in gaps and folds as Temporal's `compatible`. */
  toEpoch(date: LocalDate, secondsOfDay: number): number {
    return this.toEpochOfDay(dayNumber(date), secondsOfDay);
  }

  /** As `toEpoch`, with the date as days since 1970-01-01; 86,400 seconds mean the next day. */
  toEpochOfDay(day: number, secondsOfDay: number): number {
    const wall = day * DAY_SECONDS + secondsOfDay;
    const before = this.offsetAt(wall - DAY_SECONDS);
    const after = this.offsetAt(wall + DAY_SECONDS);
    if (before === after) return wall - before;
    // A fold offers both: the earlier instant is the one with the greater offset. A gap offers
    // neither, and the offset from before it moves the wall time forward by the gap's length.
    const early = wall - Math.max(before, after);
    if (this.offsetAt(early) === wall - early) return early;
    const late = wall - Math.min(before, after);
    if (this.offsetAt(late) === wall - late) return late;
    return wall - before;
  }

  localDateAt(epochSeconds: number): LocalDate {
    return dateOfDay(this.dayNumberAt(epochSeconds));
  }

  dayNumberAt(epochSeconds: number): number {
    return Math.floor((epochSeconds + this.offsetAt(epochSeconds)) / DAY_SECONDS);
  }

  #windowAt(index: number): OffsetStretch[] {
    let window = this.#windows.get(index);
    if (window === undefined) {
      window = readStretches(this.name, index * WINDOW_SECONDS);
      this.#windows.set(index, window);
    }
    return window;
  }
}

function readStretches(name: string, windowStart: number): OffsetStretch[] {
  const windowEnd = windowStart + WINDOW_SECONDS;
  const stretches: OffsetStretch[] = [];
  let at = Temporal.Instant.fromEpochMilliseconds(windowStart * 1_000).toZonedDateTimeISO(name);
  let start = windowStart;
  while (start < windowEnd) {
    const next = at.getTimeZoneTransition('next');
    const change = next === null ? windowEnd : Math.ceil(next.epochMilliseconds / 1_000);
    const end = Math.min(change, windowEnd);
    stretches.push({ start, end, offset: Math.round(at.offsetNanoseconds / 1e9) });
    if (next === null) break;
    start = end;
    at = next;
  }
  return stretches;
}

const zones = new Map<string, TimeZone>();

/** The zone of that name, shared; throws RangeError for a name that is none. */
export function timeZone(name: string): TimeZone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (!ZONE_NAME.test(name)) throw new RangeError(`not a time zone: ${name}`);
  const zone = new TimeZone(name);
  // Spellings differ in case only, but there are many of them.
  if (zones.size >= MAX_CACHED_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
}

export function isTimeZone(name: string): boolean {
  try {
    timeZone(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
