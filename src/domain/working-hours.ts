// Working hours are wall times in the resource's zone, repeated weekly without end. Nothing is
// expanded ahead: an opening calendar answers for any day of any year, computing the days it is
// asked about and keeping them. Resources with equal hours share one calendar.
//
// The unit kept is the UTC day. An entry holds every interval that touches the day, whole as far as
// the local days around it tell, so that one look decides whether a slot is inside. Offsets reach
// almost 16 hours, a skipped day moves a wall time by 24 more, and an entry past midnight lasts up
// to the next day's end; hence the local days from three before to two after.

import { clipIntervals, firstEndingAfter, mergeIntervals, subtractIntervals } from './intervals.ts';
import type { Interval } from './intervals.ts';
import { timeZone } from './time-zone.ts';
import type { TimeZone } from './time-zone.ts';
import { DAY_SECONDS, WEEKDAYS, secondsOfWallTime, weekdayOfDay } from './wall-time.ts';
import type { Weekday } from './wall-time.ts';

export interface DailyHours {
  days: Weekday[];
  /** `HH:MM`, 00:00 to 23:59. */
  start: string;
  /** `HH:MM`, up to 24:00; before `start` it is on the following day. */
  end: string;
}

export type WorkingHours = DailyHours[];

export interface OpeningRules {
  hours: WorkingHours;
  breaks: WorkingHours;
  zone: string;
}

export interface HoursViolation {
  index: number;
  member: 'days' | 'start' | 'end';
  message: string;
}

/** Everything wrong with the values of working hours or breaks whose shape is right. */
export function hoursViolations(hours: WorkingHours): HoursViolation[] {
  const violations: HoursViolation[] = [];
  hours.forEach(({ days, start, end }, index) => {
    if (days.length === 0 || days.some((day) => !WEEKDAYS.includes(day))) {
      violations.push({ index, member: 'days', message: 'must name at least one of mon to sun' });
    }
    const startSeconds = secondsOfWallTime(start);
    if (startSeconds === undefined || startSeconds === DAY_SECONDS) {
      violations.push({ index, member: 'start', message: 'must be HH:MM from 00:00 to 23:59' });
    }
    if (secondsOfWallTime(end) === undefined) {
      violations.push({ index, member: 'end', message: 'must be HH:MM from 00:00 to 24:00' });
    } else if (start === end) {
      // Nothing or a whole day: whoever means the day writes 00:00 to 24:00.
      violations.push({ index, member: 'end', message: 'must differ from start' });
    }
  });
  return violations;
}

interface OpenDay {
  hours: Interval[];
  open: Interval[];
}

const MAX_CACHED_DAYS = 2_000;

/** When a set of working hours and breaks is open. Exact for slots of up to 24 hours. */
export class OpeningCalendar {
  readonly #hours: SecondsOfDay[];
  readonly #breaks: SecondsOfDay[];
  readonly #zone: TimeZone;
  readonly #days = new Map<number, OpenDay>();
  #lastNumber = NaN;
  #lastDay: OpenDay = { hours: [], open: [] };
  #lastRange = { from: NaN, to: NaN, open: [] as Interval[] };

  constructor({ hours, breaks, zone }: OpeningRules) {
    this.#hours = hours.map(toSeconds);
    this.#breaks = breaks.map(toSeconds);
    this.#zone = timeZone(zone);
  }

  /** The open interval around the slot, or undefined when the slot is not wholly inside one. */
  openingAround(slot: Interval): Interval | undefined {
    return intervalAround(this.#dayAt(slot.start).open, slot);
  }

  /** Whether the slot lies within the working hours, breaks left aside. */
  isWithinHours(slot: Interval): boolean {
    return intervalAround(this.#dayAt(slot.start).hours, slot) !== undefined;
  }

  /** The open intervals within [from, to), merged, sorted. */
  openIntervals(from: number, to: number): readonly Interval[] {
    // Resources that share the calendar are asked about the same range one after the other.
    const last = this.#lastRange;
    if (last.from === from && last.to === to) return last.open;
    const found: Interval[] = [];
    const end = Math.ceil(to / DAY_SECONDS);
    for (let day = Math.floor(from / DAY_SECONDS); day < end; day += 1) {
      // An entry knows the breaks of the days around its own, and is silent on those beyond.
      const own = { start: day * DAY_SECONDS, end: (day + 1) * DAY_SECONDS };
      found.push(...clipIntervals(this.#day(day).open, own));
    }
    const open = clipIntervals(mergeIntervals(found), { start: from, end: to });
    this.#lastRange = { from, to, open };
    return open;
  }

  #dayAt(instant: number): OpenDay {
    return this.#day(Math.floor(instant / DAY_SECONDS));
  }

  #day(number: number): OpenDay {
    if (number === this.#lastNumber) return this.#lastDay;
    let day = this.#days.get(number);
    if (day === undefined) {
      day = this.#compute(number);
      // Questions may wander over ten thousand years; forgetting changes no answer.
      if (this.#days.size >= MAX_CACHED_DAYS) this.#days.clear();
      this.#days.set(number, day);
    }
    this.#lastNumber = number;
    this.#lastDay = day;
    return day;
  }

  #compute(number: number): OpenDay {
    const day = { start: number * DAY_SECONDS, end: (number + 1) * DAY_SECONDS };
    const touching = (interval: Interval) => interval.end > day.start && interval.start < day.end;
    const hours = this.#expand(this.#hours, number);
    const breaks = this.#expand(this.#breaks, number);
    return {
      hours: hours.filter(touching),
      open: subtractIntervals(hours, breaks).filter(touching),
    };
  }

  #expand(rows: SecondsOfDay[], number: number): Interval[] {
    const zone = this.#zone;
    const intervals: Interval[] = [];
    for (let day = number - 3; day <= number + 2; day += 1) {
      const weekday = weekdayOfDay(day);
      for (const row of rows) {
        if (!row.days.includes(weekday)) continue;
        const start = zone.toEpochOfDay(day, row.start);
        intervals.push({ start, end: zone.toEpochOfDay(day + row.daysLater, row.end) });
      }
    }
    return mergeIntervals(intervals);
  }
}

interface SecondsOfDay {
  days: Weekday[];
  start: number;
  end: number;
  daysLater: number;
}

function toSeconds({ days, start, end }: DailyHours): SecondsOfDay {
  const startSeconds = secondsOfWallTime(start);
  const endSeconds = secondsOfWallTime(end);
  if (startSeconds === undefined || endSeconds === undefined) {
    throw new RangeError(`not hours: ${start} to ${end}`);
  }
  return {
    days,
    start: startSeconds,
    end: endSeconds,
    daysLater: endSeconds < startSeconds ? 1 : 0,
  };
}

function intervalAround(set: Interval[], slot: Interval): Interval | undefined {
  const candidate = set[firstEndingAfter(set, slot.start)];
  if (candidate === undefined) return undefined;
  return candidate.start <= slot.start && slot.end <= candidate.end ? candidate : undefined;
}

/** The open intervals of the rules within [from, to); to ask often, keep an `OpeningCalendar`. */
export function openIntervals(rules: OpeningRules, from: number, to: number): readonly Interval[] {
  return new OpeningCalendar(rules).openIntervals(from, to);
}
