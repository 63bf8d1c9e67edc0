import ICAL from 'ical.js';
import type { Reservation } from '../calendar.ts';

export interface EventStamp {
  uid: string;
  nowSeconds: number;
  /** 0 for a new event, one more for every change. */
  sequence: number;
}

/** Properties by which an event is known to be ours, whatever a server does to categories. */
export const ownProperties = { id: 'x-slotwright-id', tag: 'x-slotwright-tag' } as const;

/** The event of a reservation as iCalendar (RFC 5545), in UTC. */
export function eventText(reservation: Reservation, stamp: EventStamp): string {
  const event = new ICAL.Component('vevent');
  event.addPropertyWithValue('uid', stamp.uid);
  event.addPropertyWithValue('dtstamp', utc(stamp.nowSeconds));
  event.addPropertyWithValue('dtstart', utc(reservation.start));
  event.addPropertyWithValue('dtend', utc(reservation.end));
  event.addPropertyWithValue('sequence', stamp.sequence);
  // Control characters are forbidden in text, and escaping does not cover them.
  event.addPropertyWithValue('summary', reservation.summary.replace(/\p{Cc}+/gu, ' '));
  event.addPropertyWithValue('categories', 'Slotwright');
  event.addPropertyWithValue('transp', 'OPAQUE');
  event.addPropertyWithValue(ownProperties.id, reservation.id);
  event.addPropertyWithValue(ownProperties.tag, reservation.tag);
  const calendar = new ICAL.Component('vcalendar');
  calendar.addPropertyWithValue('version', '2.0');
  calendar.addPropertyWithValue('prodid', '-//Slotwright//Slotwright//EN');
  calendar.addSubcomponent(event);
  return `${calendar.toString()}\r\n`;
}

function utc(epochSeconds: number): ICAL.Time {
  return ICAL.Time.fromJSDate(new Date(epochSeconds * 1_000), true);
}
