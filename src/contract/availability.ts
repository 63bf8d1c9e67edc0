import { Type, type Static } from 'typebox';
import { answerFields } from './answer-fields.ts';
import { closed, fields, oneOf } from './fields.ts';

/** What is meant where the query does not say. */
export const availabilityDefaults = {
  durationMinutes: 30,
  stepMinutes: 15,
  mode: 'direct',
  limit: 500,
} as const;

const minutes = (maximum: number, given: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, default: given }));

/** Query of `GET /v1/availability`. */
export const Availability = Type.Object(
  {
    service_type: fields.text(1, 64),
    from: fields.instant(),
    to: fields.instant(),
    duration_minutes: minutes(240, availabilityDefaults.durationMinutes),
    step_minutes: minutes(1_440, availabilityDefaults.stepMinutes),
    location: Type.Optional(fields.text(1, 255)),
    resource_id: Type.Optional(fields.text(1, 64)),
    mode: Type.Optional(oneOf(['direct', 'movable'], { default: availabilityDefaults.mode })),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 5_000, default: availabilityDefaults.limit }),
    ),
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
