import { isTimeZone } from '../../domain/time-zone.ts';
import type { NotificationDetails } from '../../store/read/notification-details.ts';
import { slotText } from './slot-text.ts';

export interface ConfirmationMail {
  subject: string;
  text: string;
  html: string;
}

/**
 * Tells a customer what, when and where. It does not name the provider: naming one would promise
 * that nobody else comes, and pin the booking to a resource.
 */
export function confirmationMail(
  appointmentId: string,
  details: NotificationDetails,
): ConfirmationMail {
  const slot = { start: details.start_s, end: details.end_s };
  const facts: [string, string][] = [
    ['What', oneLine(details.service_name)],
    ['When', slotText(slot, zoneOf(details))],
  ];
  if (details.location_name !== null) facts.push(['Where', oneLine(details.location_name)]);
  facts.push(['Reference', appointmentId]);
  const name = oneLine(details.customer_name ?? '');
  const greeting = name === '' ? 'Hello,' : `Hello ${name},`;
  const statement = 'your appointment is confirmed.';
  return {
    subject: `Confirmed: ${oneLine(details.service_name)}`,
    text: [
      greeting,
      '',
      statement,
      '',
      ...facts.map(([key, value]) => `${key}: ${value}`),
      '',
    ].join('\n'),
    html: [
      `<p>${escaped(greeting)}</p>`,
      `<p>${statement}</p>`,
      '<table>',
      ...facts.map(
        ([key, value]) => `<tr><th align="left">${key}</th><td>${escaped(value)}</td></tr>`,
      ),
      '</table>',
      '',
    ].join('\n'),
  };
}

/** The customer's zone, else the location's, else UTC. A zone that is none is passed over. */
function zoneOf({ customer_time_zone, location_time_zone }: NotificationDetails): string {
  const zone = [customer_time_zone, location_time_zone].find(
    (name) => name !== null && isTimeZone(name),
  );
  return zone ?? 'UTC';
}

/** What people typed stays on its line: control and format characters become spaces. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
