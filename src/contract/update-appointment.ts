import { Type, type Static } from 'typebox';
import { closed, fields, nullable } from './fields.ts';
import { idempotencyKey } from './idempotency-key.ts';

/**
 * Body of `PATCH /v1/appointments/{id}`. An absent member keeps what is; `location: null` takes
 * the location away, `metadata` null or `{}` the metadata.
 */
export const UpdateAppointment = Type.Object(
  {
    idempotency_key: idempotencyKey,
    slot: Type.Optional(
      Type.Object({ start_time: fields.instant(), end_time: fields.instant() }, closed),
    ),
    location: Type.Optional(nullable<string>(fields.text(1, 255))),
    metadata: Type.Optional(nullable<Record<string, unknown>>(Type.Unsafe({ type: 'object' }))),
  },
  closed,
);

export type UpdateAppointment = Static<typeof UpdateAppointment>;
