import { Type, type Static } from 'typebox';
import { answerFields, pageOf } from './answer-fields.ts';
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

/** Without a password, the one that was given for the same server and user is kept. */
const Calendar = Type.Object(
  {
    kind: oneOf(['none', 'caldav']),
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

const HoursView = Type.Object(
  { days: Type.Array(Type.String()), start: wallTime, end: wallTime },
  closed,
);

export type HoursView = Static<typeof HoursView>;

/** A calendar's password is never answered. */
const CalendarView = Type.Object(
  {
    kind: oneOf(['none', 'caldav']),
    url: answerFields.text(),
    username: answerFields.text(),
  },
  closed,
);

export const ResourceView = Type.Object(
  {
    id: fields.catalogueId(),
    name: Type.String(),
    service_types: Type.Array(Type.String()),
    locations: Type.Array(Type.String()),
    time_zone: Type.String(),
    working_hours: Type.Array(HoursView),
    breaks: Type.Array(HoursView),
    buffer_before_minutes: Type.Integer(),
    buffer_after_minutes: Type.Integer(),
    capacity: Type.Integer(),
    active: Type.Boolean(),
    calendar: nullable<Static<typeof CalendarView>>(CalendarView),
    created_at: answerFields.instant(),
    updated_at: answerFields.instant(),
  },
  { ...closed, title: 'Resource' },
);

export type ResourceView = Static<typeof ResourceView>;

export const ResourcePage = pageOf(ResourceView, 'ResourcePage');
