import ICAL from 'ical.js';
import { Temporal } from 'temporal-polyfill';
import type { Range } from '../calendar.ts';

export interface OccurrenceOptions {
  range: Range;
  zone: string;
  /** Components of the same series; those with a recurrence id replace one occurrence. */
  changed: readonly ICAL.Component[];
}

const daySeconds = 86_400;
const maxOccurrences = 5_000;
const periodDays: Partial<Record<string, number>> = { DAILY: 1, WEEKLY: 7 };

/** Start and end of an event; all-day and floating ones in the given zone. */
export function eventTimes(event: ICAL.Component, zone: string): Range {
  const { time, toEpoch } = startOf(event, zone);
  return { start: toEpoch(time), end: toEpoch(time) + lengthOf(event, zone) };
}

/** The occurrences of an event that touch a range; an event of no length touches none. */
export function occurrencesIn(event: ICAL.Component, options: OccurrenceOptions): Range[] {
  const { range, zone, changed } = options;
  const { time, toEpoch } = startOf(event, zone);
  const seconds = lengthOf(event, zone);
  const touches = ({ start, end }: Range): boolean =>
    start < end && start < range.end && end > range.start;
  const recurs = event.hasProperty('rrule') || event.hasProperty('rdate');
  if (!recurs || event.hasProperty('recurrence-id')) {
    return [eventTimes(event, zone)].filter(touches);
  }
  const replaced = new Set(changed.flatMap((other) => recurrenceIdOf(other, toEpoch)));
  const dtstart = forwarded(event, { time, notAfter: range.start - seconds - 2 * daySeconds });
  const series = new ICAL.RecurExpansion({ component: event, dtstart });
  const found: Range[] = [];
  for (let count = 0; count < maxOccurrences; count += 1) {
    const next = series.next() as ICAL.Time | null | undefined;
    if (next === null || next === undefined) return found;
    const start = toEpoch(next);
    if (start >= range.end) return found;
    const occurrence = { start, end: start + seconds };
    if (!replaced.has(start) && touches(occurrence)) found.push(occurrence);
  }
  throw new Error('too many occurrences');
}

interface Start {
  time: ICAL.Time;
  toEpoch: (time: ICAL.Time) => number;
}

function startOf(event: ICAL.Component, zone: string): Start {
  const property = event.getFirstProperty('dtstart');
  const time: unknown = property?.getFirstValue();
  if (property === null || !(time instanceof ICAL.Time)) throw new Error('no start');
  return { time, toEpoch: (other) => epochOf(other, zoneOf(property, zone)) };
}

/** The zone that a property names without describing it, where there is such a zone. */
function zoneOf(property: ICAL.Property, zone: string): string {
  const named: unknown = property.getParameter('tzid');
  if (typeof named !== 'string') return zone;
  try {
    new Intl.DateTimeFormat('en', { timeZone: named });
    return named;
  } catch {
    return zone;
  }
}

function epochOf(time: ICAL.Time, zone: string): number {
  const described = !time.isDate && time.zone !== ICAL.Timezone.localTimezone;
  if (described) return time.toUnixTime();
  const { year, month, day, hour, minute, second } = time;
  const wall = Temporal.PlainDateTime.from(
    time.isDate ? { year, month, day } : { year, month, day, hour, minute, second },
  );
  return Math.floor(wall.toZonedDateTime(zone).epochMilliseconds / 1_000);
}

/** By DTEND or DURATION; a date alone lasts that day, a time alone has no length (RFC 5545). */
function lengthOf(event: ICAL.Component, zone: string): number {
  const { time, toEpoch } = startOf(event, zone);
  const property = event.getFirstProperty('dtend');
  const end: unknown = property?.getFirstValue();
  if (property !== null && end instanceof ICAL.Time) {
    return Math.max(0, epochOf(end, zoneOf(property, zone)) - toEpoch(time));
  }
  const duration: unknown = event.getFirstPropertyValue('duration');
  if (duration instanceof ICAL.Duration) return Math.max(0, duration.toSeconds());
  if (!time.isDate) return 0;
  const next = time.clone();
  next.adjust(1, 0, 0, 0);
  return toEpoch(next) - toEpoch(time);
}

function recurrenceIdOf(event: ICAL.Component, toEpoch: Start['toEpoch']): number[] {
  const id: unknown = event.getFirstPropertyValue('recurrence-id');
  return id instanceof ICAL.Time ? [toEpoch(id)] : [];
}

/**
 * A later start from which a series runs the same: years of a daily one need not be counted
 * through. Whole periods of days or weeks change nothing, unless the rule counts its occurrences.
 */
function forwarded(
  event: ICAL.Component,
  { time, notAfter }: { time: ICAL.Time; notAfter: number },
): ICAL.Time {
  const rules = event.getAllProperties('rrule');
  const [rule, another] = rules.map((property): unknown => property.getFirstValue());
  const simple = rule instanceof ICAL.Recur && another === undefined && !event.hasProperty('rdate');
  if (!simple || rule.count !== null) return time;
  const days = periodDays[rule.freq];
  if (days === undefined) return time;
  const step = days * Math.max(1, rule.interval);
  const periods = Math.floor((notAfter / daySeconds - time.toUnixTime() / daySeconds) / step);
  if (periods < 1) return time;
  const later = time.clone();
  later.adjust(periods * step, 0, 0, 0);
  return later;
}
