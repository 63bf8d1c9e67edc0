import { AppointmentView } from '../contract/appointment-view.ts';
import { etag, matchesNone } from '../contract/etag.ts';
import { fields } from '../contract/fields.ts';
import type { Call, Route } from '../contract/route.ts';
import { findAppointment } from '../store/read/appointments.ts';
import { notFound } from './accept.ts';
import { appointmentAnswer } from './appointment-answer.ts';
import type { Dependencies } from './dependencies.ts';
import { uuidOf } from './uuid-of.ts';

export function getAppointment({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/appointments/:id',
    operationId: 'getAppointment',
    summary: 'One appointment',
    params: { id: fields.uuid() },
    reads: ['if-none-match'],
    responses: { 200: AppointmentView },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'appointment',
    handle: async (call: Call) => {
      const { principal, params } = call;
      const id = uuidOf(params, 'appointment');
      const appointment = await findAppointment(reads.of(principal.tenantId), {
        id,
        reach: principal,
      });
      if (appointment === undefined) throw notFound();
      const { version } = appointment;
      if (matchesNone(call.header('if-none-match'), version)) {
        return { status: 304, headers: { etag: etag(version) } };
      }
      return appointmentAnswer(appointment, { status: 200 });
    },
  };
}
