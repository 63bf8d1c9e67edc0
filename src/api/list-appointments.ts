import { AppointmentPage, appointmentView } from '../contract/appointment-view.ts';
import { ListAppointments } from '../contract/list-appointments.ts';
import type { Violation } from '../contract/problem.ts';
import type { Call, Route } from '../contract/route.ts';
import type { Appointment } from '../domain/appointment.ts';
import type { AppointmentState } from '../domain/appointment-state.ts';
import {
  listAppointments as readPage,
  type AppointmentFilter,
} from '../store/read/appointments.ts';
import { checkInstant, instantOf, memberOf } from './check-slot.ts';
import type { Dependencies } from './dependencies.ts';
import { narrowed } from './narrowed.ts';
import { Page } from './page.ts';

const page = new Page<Appointment>('appointments', 'slot', ({ start, id }) => [start, id]);

export function listAppointments({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/appointments',
    operationId: 'listAppointments',
    summary: 'Appointments by start and id, those that overlap the range',
    responses: { 200: AppointmentPage },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'appointment',
    query: ListAppointments,
    precheck: page.precheck,
    check: (_body, query) => checkRange(query),
    handle: async (call: Call<unknown, ListAppointments>) => {
      const filter = filterOf(call);
      const found = await readPage(reads.of(filter.reach.tenantId), {
        ...filter,
        limit: filter.limit + 1,
      });
      return page.answer(found, filter.limit, (appointment) => appointmentView(appointment));
    },
  };
}

/** The parameters `from` and `to` exist and are in order. */
export function checkRange(query: unknown): Violation[] {
  const [from, to] = [memberOf(query, 'from'), memberOf(query, 'to')];
  const violations = [
    ...checkInstant(from, { parameter: 'from' }),
    ...checkInstant(to, { parameter: 'to' }),
  ];
  const [start, end] = [instantOf(from), instantOf(to)];
  if (start !== undefined && end !== undefined && start >= end) {
    violations.push({ parameter: 'to', code: 'range-order', message: 'must be later than from' });
  }
  return violations;
}

function filterOf({ principal, query }: Call<unknown, ListAppointments>): AppointmentFilter {
  const asked = query.customer_id?.toLowerCase();
  const customerId = narrowed({ own: principal.customerId, asked });
  const resourceId = narrowed({ own: principal.resourceId, asked: query.resource_id });
  const { limit, after } = page.read(query);
  const [from, to] = [instantOf(query.from), instantOf(query.to)];
  return {
    reach: principal,
    limit,
    ...(customerId !== undefined && { customerId }),
    ...(resourceId !== undefined && { resourceId }),
    ...(query.location !== undefined && { location: query.location }),
    ...(query.service_type !== undefined && { serviceType: query.service_type }),
    ...(query.state !== undefined && { states: query.state.split(',') as AppointmentState[] }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(after !== undefined && { after: { start: Number(after[0]), id: String(after[1]) } }),
  };
}
