import { Type, type Static } from 'typebox';
import type { Appointment } from '../domain/appointment.ts';
import { appointmentStates, isFinal } from '../domain/appointment-state.ts';
import { formatInstant } from '../domain/slot.ts';
import { AnsweredSlot, answerFields, pageOf } from './answer-fields.ts';
import { closed, nullable, oneOf } from './fields.ts';

const Warning = Type.Object({ code: Type.String(), message: Type.String() }, closed);

/** What the client should know about a request that was taken all the same. */
export type Warning = Static<typeof Warning>;

/** An appointment as clients see it. Instants are `YYYY-MM-DDTHH:MM:SSZ`. */
export const AppointmentView = Type.Object(
  {
    id: answerFields.uuid(),
    version: Type.Integer({ minimum: 1 }),
    state: oneOf(appointmentStates),
    customer_id: answerFields.uuid(),
    slot: AnsweredSlot,
    service_type: Type.String(),
    location: answerFields.text(),
    resource_id: answerFields.text(),
    metadata: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    reason: answerFields.text(),
    created_at: answerFields.instant(),
    updated_at: answerFields.instant(),
    links: Type.Object(
      {
        self: answerFields.path(),
        timeline: answerFields.path(),
        cancel: nullable<string>(answerFields.path()),
      },
      closed,
    ),
    warnings: nullable<Warning[]>(Type.Array(Warning)),
  },
  { ...closed, title: 'Appointment' },
);

export type AppointmentView = Static<typeof AppointmentView>;

export const AppointmentPage = pageOf(AppointmentView, 'AppointmentPage');

export function appointmentView(appointment: Appointment, warnings?: Warning[]): AppointmentView {
  const self = `/v1/appointments/${appointment.id}`;
  return {
    id: appointment.id,
    version: appointment.version,
    state: appointment.state,
    customer_id: appointment.customerId,
    slot: {
      start_time: formatInstant(appointment.start),
      end_time: formatInstant(appointment.end),
    },
    service_type: appointment.serviceType,
    location: appointment.location,
    resource_id: appointment.resourceId,
    metadata: parseMetadata(appointment.metadata),
    reason: appointment.reason,
    created_at: formatInstant(appointment.createdAt),
    updated_at: formatInstant(appointment.updatedAt),
    links: {
      self,
      timeline: `${self}/timeline`,
      cancel: isFinal(appointment.state) ? null : `${self}/cancel`,
    },
    warnings: warnings ?? null,
  };
}

function parseMetadata(text: string | null): Record<string, unknown> {
  return text === null ? {} : (JSON.parse(text) as Record<string, unknown>);
}
