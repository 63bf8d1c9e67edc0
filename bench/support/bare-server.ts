// What the HTTP server alone can do: our edge with the route that takes appointments, the same
// checks of the request and an answer of the same shape, and no database. A process of its own.

import { CreateAppointment } from '../../src/contract/create-appointment.ts';
import { scopes } from '../../src/contract/principal.ts';
import type { Answer, Call, Route } from '../../src/contract/route.ts';
import type { Appointment } from '../../src/domain/appointment.ts';
import { appointmentAnswer } from '../../src/api/appointment-answer.ts';
import { checkMetadata } from '../../src/api/check-metadata.ts';
import { checkSlot, instantOf, memberOf } from '../../src/api/check-slot.ts';
import { createGateway } from '../../src/gateway/index.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { createMetrics } from '../../src/io/metrics.ts';
import type { Queries } from '../../src/io/postgres.ts';
import { systemRandom } from '../../src/io/random.ts';

const route: Route = {
  method: 'POST',
  path: '/v1/appointments',
  summary: 'Books nothing',
  scopes: ['appointments:write', 'appointments:self'],
  ownership: 'customer',
  body: CreateAppointment,
  idempotent: true,
  check: (body) => [
    ...checkSlot(memberOf(body, 'slot'), '/slot'),
    ...checkMetadata(memberOf(body, 'metadata'), '/metadata'),
  ],
  handle: (call: Call<CreateAppointment>) => Promise.resolve(answer(call)),
};

function answer({ body, principal }: Call<CreateAppointment>): Answer {
  const now = systemClock.nowSeconds();
  const appointment: Appointment = {
    tenantId: principal.tenantId,
    id: systemRandom.uuidV7(),
    version: 1,
    state: 'INIT',
    customerId: body.customer_id.toLowerCase(),
    start: instantOf(body.slot.start_time) ?? NaN,
    end: instantOf(body.slot.end_time) ?? NaN,
    serviceType: body.service_type,
    location: null,
    locationKnown: false,
    requestedResourceId: null,
    resourceId: null,
    region: 'default',
    metadata: null,
    reason: null,
    proof: null,
    createdAt: now,
    updatedAt: now,
  };
  const headers = {
    location: `/v1/appointments/${appointment.id}`,
    'command-id': systemRandom.uuidV7(),
  };
  return appointmentAnswer(appointment, { status: 202, headers });
}

// Every key is known: the one query that the edge makes is for that.
const keyRow = { tenant_id: 'default', key_id: systemRandom.uuidV7(), scopes, expires_s: null };
const directory: Queries = {
  run: <Row>() => Promise.resolve([keyRow as Row]),
};

const gateway = createGateway({
  config: { host: '127.0.0.1', port: Number(process.argv[2]) },
  clock: systemClock,
  random: systemRandom,
  log: createLog('warn', 'bench'),
  metrics: createMetrics(),
  routes: [route],
  onKeyUse: () => undefined,
  notReady: () => [],
  directory,
});
await gateway.start();
process.send?.('ready');
// Whoever started it may die without a word; then the channel closes.
process.once('disconnect', () => process.exit(0));
