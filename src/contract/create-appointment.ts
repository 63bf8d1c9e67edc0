import { Type, type Static } from 'typebox';
import { closed, fields, nullable } from './fields.ts';
import { idempotencyKey } from './idempotency-key.ts';

/** Body of `POST /v1/appointments`. An optional member that is null counts as absent. */
export const CreateAppointment = Type.Object(
  {
    idempotency_key: idempotencyKey,
    customer_id: fields.uuid(),
    slot: Type.Object({ start_time: fields.instant(), end_time: fields.instant() }, closed),
    service_type: fields.text(1, 64),
    location: Type.Optional(nullable<string>(fields.text(1, 255))),
    metadata: Type.Optional(nullable<Record<string, unknown>>(Type.Unsafe({ type: 'object' }))),
    resource_id: Type.Optional(nullable<string>(fields.text(1, 64))),
  },
  closed,
);

export type CreateAppointment = Static<typeof CreateAppointment>;
