import { Type, type Static } from 'typebox';
import { closed, fields, nullable } from './fields.ts';
import { idempotencyKey } from './idempotency-key.ts';

/** Body of an action on an appointment that may say why. */
export const AppointmentAction = Type.Object(
  {
    idempotency_key: idempotencyKey,
    reason: Type.Optional(nullable<string>(fields.text(1, 500))),
  },
  closed,
);

export type AppointmentAction = Static<typeof AppointmentAction>;

/** Body of `POST /v1/appointments/{id}/fail`, which must say why. */
export const FailAppointment = Type.Object(
  { idempotency_key: idempotencyKey, reason: fields.text(1, 500) },
  closed,
);

export type FailAppointment = Static<typeof FailAppointment>;
