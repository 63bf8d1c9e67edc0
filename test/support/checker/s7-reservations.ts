import type { CalendarEvent } from './calendar-event.ts';
import type { AppointmentFact, Facts } from './facts.ts';
import type { Violation } from './violation.ts';

/**
 * S7: an appointment that is CONFIRMED on a resource with a calendar has exactly one reservation,
 * there and at its time; one that is CANCELLED or FAILED has none. Nobody has one elsewhere.
 */
export function reservationsMatch(
  facts: Facts,
  calendarEvents: readonly CalendarEvent[],
): Violation[] {
  const own = calendarEvents.filter((event): event is OwnEvent => event.id !== null);
  const byAppointment = Map.groupBy(own, ({ id }) => id.split(':')[0] ?? '');
  const withCalendar = new Set(
    facts.resources.filter(({ calendar }) => calendar).map(({ tenant, id }) => `${tenant}/${id}`),
  );
  const known = new Set(facts.appointments.map(({ id }) => id));
  const strays = own
    .filter(({ id }) => !known.has(id.split(':')[0] ?? ''))
    .map(({ id, calendar }) => s7({ reservation: id }, `nobody's reservation in ${calendar}`));
  const wrong = facts.appointments.flatMap((row) => {
    const events = byAppointment.get(row.id) ?? [];
    const hasCalendar = withCalendar.has(`${row.tenant}/${row.resource ?? ''}`);
    const sentence = whatIsWrong(row, events, hasCalendar);
    return sentence === undefined ? [] : [s7({ appointment: row.id }, sentence)];
  });
  return [...strays, ...wrong];
}

type OwnEvent = CalendarEvent & { id: string };

function whatIsWrong(
  { state, resource, start_s, end_s }: AppointmentFact,
  events: readonly OwnEvent[],
  hasCalendar: boolean,
): string | undefined {
  const seen = events.map((event) => `${event.calendar} ${event.start_s}-${event.end_s}`).join();
  if (state === 'CANCELLED' || state === 'FAILED') {
    return events.length === 0 ? undefined : `it is ${state} and has reservations: ${seen}`;
  }
  const elsewhere = events.some(({ calendar }) => calendar !== resource);
  if (elsewhere) return `it is ${state} on ${resource} and has reservations: ${seen}`;
  if (state !== 'CONFIRMED' || !hasCalendar) return undefined;
  const [event] = events;
  const fits = event?.start_s === start_s && event.end_s === end_s && events.length === 1;
  return fits ? undefined : `it is CONFIRMED for ${start_s}-${end_s} on ${resource}: ${seen}`;
}

function s7(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S7', ids, sentence };
}
