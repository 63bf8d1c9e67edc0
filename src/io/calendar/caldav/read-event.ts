import ICAL from 'ical.js';
import type { Range } from '../calendar.ts';
import { ownProperties } from './event-text.ts';
import { eventTimes, occurrencesIn } from './event-times.ts';
import type { ReadObject } from './ics-reader.ts';

/**
 * What an iCalendar text says of its event: whose it is, when it is, and when it stands in the way.
 * Cancelled and transparent events do not. Texts without an event are nobody's and never.
 *
 * @throws Error where it is no iCalendar; may take for ever for some rules of recurrence
 */
export function readEvent(
  text: string,
  { range, zone }: { range: Range; zone: string },
): Omit<ReadObject, 'href' | 'etag'> {
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown[]);
  if (calendar.name !== 'vcalendar') throw new Error('no calendar');
  const events = calendar.getAllSubcomponents('vevent');
  const main = events.find((event) => !event.hasProperty('recurrence-id')) ?? events[0];
  if (main === undefined) return nobodys;
  const { start, end } = eventTimes(main, zone);
  return {
    tag: textOf(main, ownProperties.tag),
    reservationId: textOf(main, ownProperties.id),
    sequence: Number(textOf(main, 'sequence')) || 0,
    ...{ start, end },
    busy: events.filter(standsInTheWay).flatMap((event) =>
      // A changed occurrence stands for itself, and is left out of its series.
      occurrencesIn(event, { range, zone, changed: event === main ? events : [] }),
    ),
  };
}

const nobodys: Omit<ReadObject, 'href' | 'etag'> = {
  ...{ tag: null, reservationId: null, sequence: 0, start: 0, end: 0, busy: [] },
};

function standsInTheWay(event: ICAL.Component): boolean {
  const isFree = /^transparent$/i.test(textOf(event, 'transp') ?? '');
  return !isFree && !/^cancelled$/i.test(textOf(event, 'status') ?? '');
}

function textOf(event: ICAL.Component, name: string): string | null {
  const value: unknown = event.getFirstPropertyValue(name);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
