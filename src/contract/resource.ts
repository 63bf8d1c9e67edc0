import { Type, type Static } from 'typebox';
import { closed, fields, nullable, oneOf, patterns } from './fields.ts';

const wallTime = Type.String({ pattern: patterns.wallTime });

const Hours = Type.Object(
  {
    days: Type.Array(oneOf(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']), {
      minItems: 1,
      uniqueItems: true,
    }),
    start: wallTime,
    end: wallTime,
  },
  closed,
);

const bufferMinutes = Type.Integer({ minimum: 0, maximum: 1_440 });

const Calendar = Type.Object(
  {
    kind: fields.text(1, 32),
    url: Type.Optional(nullable<string>(fields.text(1, 2_048))),
    username: Type.Optional(nullable<string>(fields.text(1, 255))),
    password: Type.Optional(nullable<string>(fields.text(1, 1_024))),
  },
  closed,
);

/** Body of `PUT /v1/resources/{id}`. */
export const Resource = Type.Object(
  {
    name: fields.text(1, 255),
    service_types: Type.Array(fields.serviceTypeCode(), { minItems: 1, uniqueItems: true }),
    locations: Type.Array(fields.catalogueId(), { minItems: 1, uniqueItems: true }),
    time_zone: fields.text(1, 64),
    working_hours: Type.Array(Hours, { minItems: 1, maxItems: 200 }),
    breaks: Type.Optional(Type.Array(Hours, { maxItems: 200 })),
    buffer_before_minutes: Type.Optional(bufferMinutes),
    buffer_after_minutes: Type.Optional(bufferMinutes),
    capacity: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    active: Type.Optional(Type.Boolean()),
    calendar: Type.Optional(nullable<Static<typeof Calendar>>(Calendar)),
  },
  closed,
);

export type Resource = Static<typeof Resource>;

export interface HoursView {
  days: string[];
  start: string;
  end: string;
}

/** A calendar's password is never answered. */
export interface ResourceView {
  id: string;
  name: string;
  service_types: string[];
  locations: string[];
  time_zone: string;
  working_hours: HoursView[];
  breaks: HoursView[];
  buffer_before_minutes: number;
  buffer_after_minutes: number;
  capacity: number;
  active: boolean;
  calendar: { kind: string; url: string | null; username: string | null } | null;
  created_at: string;
  updated_at: string;
}
