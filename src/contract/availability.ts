import { Type, type Static } from 'typebox';
import { answerFields } from './answer-fields.ts';
import { closed, fields, oneOf } from './fields.ts';

/** Query of `GET /v1/availability`. */
export const Availability = Type.Object(
  {
    service_type: fields.text(1, 64),
    from: fields.instant(),
    to: fields.instant(),
    duration_minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 240 })),
    step_minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440 })),
    location: Type.Optional(fields.text(1, 255)),
    resource_id: Type.Optional(fields.text(1, 64)),
    mode: Type.Optional(oneOf(['direct', 'movable'])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000 })),
  },
  closed,
);

export type Availability = Static<typeof Availability>;

const AvailableSlot = Type.Object(
  {
    start_time: answerFields.instant(),
    end_time: answerFields.instant(),
    mode: oneOf(['direct', 'movable']),
    free: Type.Integer({ minimum: 0, description: 'Resources that could take it directly.' }),
  },
  closed,
);

export const AvailabilityView = Type.Object(
  { slots: Type.Array(AvailableSlot), as_of: answerFields.instant() },
  { ...closed, title: 'Availability' },
);

export type AvailabilityView = Static<typeof AvailabilityView>;
