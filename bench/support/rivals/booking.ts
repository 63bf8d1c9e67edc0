import type { Appointment } from '../../../src/domain/appointment.ts';
import type { Database } from '../../../src/io/postgres.ts';

/** A checked request on its way into the database. */
export interface Booking {
  /** As it will be, but for its resource. */
  appointment: Appointment;
  key: string;
  contentHash: Buffer;
  actor: string;
  requestId: string;
  /** Where the search for a free lane begins. */
  firstLane: number;
}

export type Outcome =
  | { kind: 'booked'; resourceId: string }
  /** The key was used before. */
  | { kind: 'known'; appointmentId: string; sameContent: boolean }
  | { kind: 'full' }
  /** Others were faster at every lane that was tried. */
  | { kind: 'contended' };

/** One way of booking: everything of one booking is one transaction. */
export type BookingWay = (
  database: Database,
  booking: Booking,
) => Promise<Outcome & { lostRaces: number }>;

/** So often is another lane looked for when the guard refuses the one that seemed free. */
export const maxLostRaces = 10;
