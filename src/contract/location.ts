import { Type, type Static } from 'typebox';
import { answerFields, pageOf } from './answer-fields.ts';
import { closed, fields, nullable } from './fields.ts';

/** Body of `PUT /v1/locations/{id}`. */
export const Location = Type.Object(
  {
    name: fields.text(1, 255),
    time_zone: fields.text(1, 64),
    latitude: Type.Optional(nullable<number>(Type.Number({ minimum: -90, maximum: 90 }))),
    longitude: Type.Optional(nullable<number>(Type.Number({ minimum: -180, maximum: 180 }))),
    region: Type.Optional(fields.catalogueId()),
    active: Type.Optional(Type.Boolean()),
  },
  closed,
);

export type Location = Static<typeof Location>;

export const LocationView = Type.Object(
  {
    id: fields.catalogueId(),
    name: Type.String(),
    time_zone: Type.String(),
    latitude: nullable<number>(Type.Number()),
    longitude: nullable<number>(Type.Number()),
    region: Type.String(),
    active: Type.Boolean(),
    created_at: answerFields.instant(),
    updated_at: answerFields.instant(),
  },
  { ...closed, title: 'Location' },
);

export type LocationView = Static<typeof LocationView>;

export const LocationPage = pageOf(LocationView, 'LocationPage');
