import type { Queries, Statement } from '../../../src/io/postgres.ts';
import { appointmentEvent } from '../../../src/contract/appointment-event.ts';
import type { Appointment } from '../../../src/domain/appointment.ts';
import { maxLostRaces, type Booking, type BookingWay, type Outcome } from './booking.ts';

interface Lane {
  lane_id: number;
  resource_id: string;
}

// A conflict that does nothing, unlike an error, leaves the transaction usable without a savepoint.
const statements = {
  insertKey: {
    name: 'insert_key',
    text: `INSERT INTO idempotency_keys (operation, key, content_hash, appointment_id)
      VALUES ('create', $1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1 AS one`,
  } as Statement<{ one: number }>,
  findKey: {
    name: 'find_key',
    text: `SELECT appointment_id, content_hash FROM idempotency_keys
      WHERE operation = 'create' AND key = $1`,
  } as Statement<{ appointment_id: string; content_hash: Buffer }>,
  findLane: {
    name: 'find_lane',
    text: `SELECT lane_id, resource_id
      FROM free_lane($1, to_timestamp($2::int8), to_timestamp($3::int8), $4)`,
  } as Statement<Lane>,
  insertAppointment: {
    name: 'insert_appointment',
    text: `INSERT INTO appointments (appointment_id, version, state, customer_id, start_at, end_at,
        service_type, resource_id, lane_id, metadata, created_at, updated_at)
      VALUES ($1, 1, 'SCHEDULED', $2, to_timestamp($3::int8), to_timestamp($4::int8), $5, $6, $7,
        $8, to_timestamp($9::int8), to_timestamp($9::int8))
      ON CONFLICT DO NOTHING RETURNING 1 AS one`,
  } as Statement<{ one: number }>,
  insertHistory: {
    name: 'insert_history',
    text: `INSERT INTO appointment_history (appointment_id, version, to_state, cause, start_at,
        end_at, resource_id, actor, request_id, at)
      VALUES ($1, 1, 'SCHEDULED', 'create', to_timestamp($2::int8), to_timestamp($3::int8), $4, $5,
        $6, to_timestamp($7::int8))`,
  },
  insertEvent: {
    name: 'insert_event',
    text: `INSERT INTO outbox (appointment_id, version, type, event) VALUES ($1, 1, $2, $3)`,
  },
};

/** Takes the key and the appointment back with it. */
class NotBooked extends Error {
  readonly outcome: Outcome & { lostRaces: number };

  constructor(outcome: Outcome & { lostRaces: number }) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

/** The usual way: a transaction of one statement after the other. */
export const bookInTransaction: BookingWay = (database, booking) =>
  database
    .transaction(async (queries) => {
      if (!(await takesKey(queries, booking))) {
        return { ...(await firstUse(queries, booking)), lostRaces: 0 };
      }
      const { appointment, lostRaces } = await takeLane(queries, booking);
      await record(queries, booking, appointment);
      return { kind: 'booked' as const, resourceId: appointment.resourceId ?? '', lostRaces };
    })
    .catch((error: unknown) => {
      if (error instanceof NotBooked) return error.outcome;
      throw error;
    });

async function takesKey(queries: Queries, booking: Booking): Promise<boolean> {
  const { key, contentHash, appointment } = booking;
  const taken = await queries.run(statements.insertKey, [key, contentHash, appointment.id]);
  return taken.length === 1;
}

async function firstUse(queries: Queries, { key, contentHash }: Booking): Promise<Outcome> {
  const [row] = await queries.run(statements.findKey, [key]);
  if (row === undefined) throw new Error('the key was there and is gone');
  const sameContent = row.content_hash.equals(contentHash);
  return { kind: 'known', appointmentId: row.appointment_id, sameContent };
}

async function takeLane(
  queries: Queries,
  { appointment: wanted, firstLane }: Booking,
): Promise<{ appointment: Appointment; lostRaces: number }> {
  const { serviceType, start, end } = wanted;
  for (let lostRaces = 0; lostRaces <= maxLostRaces; lostRaces += 1) {
    const slot = [serviceType, start, end, firstLane];
    const [lane] = await queries.run(statements.findLane, slot);
    if (lane === undefined) throw new NotBooked({ kind: 'full', lostRaces });
    const appointment = { ...wanted, resourceId: lane.resource_id };
    if (await inserts(queries, appointment, lane)) return { appointment, lostRaces };
  }
  throw new NotBooked({ kind: 'contended', lostRaces: maxLostRaces + 1 });
}

async function inserts(queries: Queries, wanted: Appointment, lane: Lane): Promise<boolean> {
  const { id, customerId, start, end, serviceType, metadata, createdAt } = wanted;
  const place = [serviceType, lane.resource_id, lane.lane_id];
  const values = [id, customerId, start, end, ...place, metadata, createdAt];
  return (await queries.run(statements.insertAppointment, values)).length === 1;
}

async function record(
  queries: Queries,
  { actor, requestId }: Booking,
  appointment: Appointment,
): Promise<void> {
  const { id, start, end, resourceId, createdAt } = appointment;
  const history = [id, start, end, resourceId, actor, requestId, createdAt];
  await queries.run(statements.insertHistory, history);
  const event = appointmentEvent(appointment, { name: 'scheduled', traceparent: null });
  await queries.run(statements.insertEvent, [id, event.type, event.bytes]);
}
