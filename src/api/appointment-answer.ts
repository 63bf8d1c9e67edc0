import { appointmentView, type Warning } from '../contract/appointment-view.ts';
import { etag } from '../contract/etag.ts';
import type { Answer } from '../contract/route.ts';
import type { Appointment } from '../domain/appointment.ts';

/** An answer with one appointment. */
export function appointmentAnswer(
  appointment: Appointment,
  answer: { status: number; headers?: Record<string, string>; warnings?: Warning[] },
): Answer {
  return {
    status: answer.status,
    headers: { ...answer.headers, etag: etag(appointment.version) },
    body: appointmentView(appointment, answer.warnings),
  };
}

/** What the client should know about an appointment that was taken all the same. */
export function acceptWarnings({
  location,
  locationKnown,
}: Pick<Appointment, 'location' | 'locationKnown'>): Warning[] | undefined {
  if (location === null || locationKnown) return undefined;
  const message = 'the location is not in the catalogue: it is kept, and constrains nothing';
  return [{ code: 'unknown-location', message }];
}
