import { Type, type Static } from 'typebox';
import { closed, fields } from './fields.ts';

/** Body of `PUT /v1/service-types/{code}`. */
export const ServiceType = Type.Object(
  {
    name: fields.text(1, 255),
    active: Type.Optional(Type.Boolean()),
    travel: Type.Optional(Type.Boolean()),
  },
  closed,
);

export type ServiceType = Static<typeof ServiceType>;

export interface ServiceTypeView {
  code: string;
  name: string;
  active: boolean;
  travel: boolean;
  created_at: string;
  updated_at: string;
}
