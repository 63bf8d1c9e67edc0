import { Type, type Static } from 'typebox';
import { answerFields, pageOf } from './answer-fields.ts';
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

export const ServiceTypeView = Type.Object(
  {
    code: fields.serviceTypeCode(),
    name: Type.String(),
    active: Type.Boolean(),
    travel: Type.Boolean(),
    created_at: answerFields.instant(),
    updated_at: answerFields.instant(),
  },
  { ...closed, title: 'ServiceType' },
);

export type ServiceTypeView = Static<typeof ServiceTypeView>;

export const ServiceTypePage = pageOf(ServiceTypeView, 'ServiceTypePage');
