import { Type, type Static } from 'typebox';
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

export interface LocationView {
  id: string;
  name: string;
  time_zone: string;
  latitude: number | null;
  longitude: number | null;
  region: string;
  active: boolean;
  created_at: string;
  updated_at: string;
}
