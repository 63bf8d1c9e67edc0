// A booking service as a good team usually writes it, tuned: the same HTTP stack, schema checks and
// serialiser as ours, prepared statements, a pool of twenty. It is a process of its own and does
// less than ours: one tenant, no hours, absences or buffers, no saga, and its outbox is not read.

import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { checkSlot, instantOf } from '../../../src/api/check-slot.ts';
import { contentHash } from '../../../src/api/content-hash.ts';
import { AppointmentView, appointmentView } from '../../../src/contract/appointment-view.ts';
import { CreateAppointment } from '../../../src/contract/create-appointment.ts';
import type { Appointment } from '../../../src/domain/appointment.ts';
import { openDatabase } from '../../../src/io/postgres.ts';
import { systemRandom } from '../../../src/io/random.ts';
import { bookByFunction } from './book-by-function.ts';
import { bookInTransaction } from './book-in-transaction.ts';
import type { Booking } from './booking.ts';
import { findAppointment } from './find-appointment.ts';
import { KnownKeys } from './known-keys.ts';
import { readCatalogue } from './read-catalogue.ts';

const Body = Type.Omit(CreateAppointment, ['location', 'resource_id']);
type Body = Static<typeof Body>;

const [port, databaseUrl = '', way] = process.argv.slice(2);
const book = way === 'function' ? bookByFunction : bookInTransaction;
let lostRaces = 0;

const database = openDatabase({
  url: databaseUrl,
  applicationName: `rival ${way}`,
  maxConnections: 20,
  // Plans that stay good while the tables grow, as ours.
  settings: ['enable_seqscan=off', 'enable_bitmapscan=off', 'plan_cache_mode=force_generic_plan'],
});
const lanesOf = await readCatalogue(database);
const keys = new KnownKeys(database);

const app = Fastify({ logger: false, genReqId: () => systemRandom.uuidV7() });
app.decorateRequest('actor', '');
app.get('/lost-races', () => ({ lostRaces }));
app.post<{ Body: Body }>('/v1/appointments', {
  schema: { body: Body, response: { 200: AppointmentView, 201: AppointmentView } },
  onRequest: (request, reply, done) => keys.admit(request, reply, done),
  handler: async (request, reply) => {
    const booking = bookingOf(request);
    if (typeof booking === 'string') return refuse(reply, 422, booking);
    return answer(reply, booking);
  },
});

async function answer(reply: FastifyReply, booking: Booking): Promise<FastifyReply> {
  const outcome = await book(database, booking);
  lostRaces += outcome.lostRaces;
  switch (outcome.kind) {
    case 'booked':
      return show(reply.code(201), { ...booking.appointment, resourceId: outcome.resourceId });
    case 'known':
      if (!outcome.sameContent) return refuse(reply, 422, 'idempotency-key-reused');
      void reply.header('idempotency-replayed', 'true');
      return show(reply.code(200), await findAppointment(database, outcome.appointmentId));
    case 'full':
      return refuse(reply, 409, 'slot-unavailable');
    case 'contended':
      return refuse(reply.header('retry-after', '1'), 503, 'unavailable');
  }
}

function show(reply: FastifyReply, appointment: Appointment): FastifyReply {
  const { id, version } = appointment;
  return reply
    .headers({ location: `/v1/appointments/${id}`, etag: `"${version}"` })
    .send(appointmentView(appointment));
}

function refuse(reply: FastifyReply, status: number, code: string): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: `/problems/${code}`, title: code, status, code });
}

/** What is to be booked, or the code of why not. */
function bookingOf({ body, id, actor }: FastifyRequest<{ Body: Body }>): Booking | string {
  if (checkSlot(body.slot, '/slot').length > 0) return 'validation-failed';
  const request = {
    customerId: body.customer_id.toLowerCase(),
    start: instantOf(body.slot.start_time) ?? NaN,
    end: instantOf(body.slot.end_time) ?? NaN,
    serviceType: body.service_type,
    metadata: body.metadata ?? null,
  };
  const now = Math.floor(Date.now() / 1_000);
  if (request.end <= now) return 'slot-in-the-past';
  const lanes = lanesOf.get(request.serviceType);
  if (lanes === undefined) return 'unknown-service-type';
  return {
    appointment: newAppointment(request, now),
    key: body.idempotency_key,
    contentHash: Buffer.from(contentHash(request), 'hex'),
    actor,
    requestId: id,
    firstLane: way === 'in-order' ? 1 : 1 + Math.floor(Math.random() * lanes),
  };
}

function newAppointment(
  request: Pick<Appointment, 'customerId' | 'start' | 'end' | 'serviceType'> & {
    metadata: object | null;
  },
  now: number,
): Appointment {
  return {
    ...request,
    tenantId: 'default',
    id: systemRandom.uuidV7(),
    version: 1,
    state: 'SCHEDULED',
    location: null,
    locationKnown: false,
    requestedResourceId: null,
    resourceId: null,
    region: 'default',
    metadata: request.metadata === null ? null : JSON.stringify(request.metadata),
    reason: null,
    proof: null,
    createdAt: now,
    updatedAt: now,
  };
}

await app.listen({ host: '127.0.0.1', port: Number(port) });
process.send?.('ready');
// Whoever started it may die without a word; then the channel closes.
process.once('disconnect', () => process.exit(0));
