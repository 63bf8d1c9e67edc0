import { appointmentEvent } from '../../../src/contract/appointment-event.ts';
import type { Statement } from '../../../src/io/postgres.ts';
import { maxLostRaces, type Booking, type BookingWay, type Outcome } from './booking.ts';

interface BookRow {
  outcome: 'booked' | 'replayed' | 'reused' | 'full' | 'contended';
  booked_id: string;
  booked_resource: string;
  lost_races: number;
}

const book: Statement<BookRow> = {
  name: 'book',
  text: `SELECT outcome, booked_id, booked_resource, lost_races FROM book($1, $2, $3, $4,
    to_timestamp($5::int8), to_timestamp($6::int8), $7, $8, to_timestamp($9::int8), $10, $11, $12,
    $13, $14, $15)`,
};

/** The short way: one call of a PL/pgSQL function, which is a transaction of its own. */
export const bookByFunction: BookingWay = async (database, booking) => {
  const [row] = await database.run(book, valuesOf(booking));
  if (row === undefined) throw new Error('book answers one row');
  return { ...outcomeOf(row), lostRaces: row.lost_races };
};

function valuesOf({ appointment, key, contentHash, ...rest }: Booking): unknown[] {
  const { id, customerId, start, end, serviceType, metadata, createdAt } = appointment;
  const event = appointmentEvent(appointment, { name: 'scheduled', traceparent: null });
  return [
    ...[id, key, contentHash, customerId, start, end, serviceType, metadata, createdAt],
    ...[event.type, event.bytes, rest.actor, rest.requestId, rest.firstLane, maxLostRaces],
  ];
}

function outcomeOf(row: BookRow): Outcome {
  switch (row.outcome) {
    case 'booked':
      return { kind: 'booked', resourceId: row.booked_resource };
    case 'replayed':
    case 'reused': {
      const sameContent = row.outcome === 'replayed';
      return { kind: 'known', appointmentId: row.booked_id, sameContent };
    }
    case 'full':
    case 'contended':
      return { kind: row.outcome };
  }
}
