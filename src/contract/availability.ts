import { Type, type Static } from 'typebox';
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

export interface AvailabilityView {
  slots: { start_time: string; end_time: string; mode: 'direct' | 'movable'; free: number }[];
  as_of: string;
}
