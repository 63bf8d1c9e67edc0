import { Type, type Static } from 'typebox';
import { answerFields, pageOf } from './answer-fields.ts';
import { closed, fields, nullable } from './fields.ts';

const word = String.raw`[^\u0000-\u0020\u007f@<>(),;:"]+`;
const email = `^${word}@${word}$`;

/** Body of `PUT /v1/customers/{id}`. An optional member that is null counts as absent. */
export const Customer = Type.Object(
  {
    name: Type.Optional(nullable<string>(fields.text(1, 255))),
    email: Type.Optional(nullable<string>(Type.String({ maxLength: 254, pattern: email }))),
    phone: Type.Optional(
      nullable<string>(Type.String({ pattern: String.raw`^\+?[0-9][0-9 ().-]{2,30}$` })),
    ),
    locale: Type.Optional(nullable<string>(fields.text(2, 35))),
    time_zone: Type.Optional(nullable<string>(fields.text(1, 64))),
  },
  closed,
);

export type Customer = Static<typeof Customer>;

export const CustomerView = Type.Object(
  {
    id: answerFields.uuid(),
    name: answerFields.text(),
    email: answerFields.text(),
    phone: answerFields.text(),
    locale: answerFields.text(),
    time_zone: answerFields.text(),
    created_at: answerFields.instant(),
    updated_at: answerFields.instant(),
  },
  { ...closed, title: 'Customer' },
);

export type CustomerView = Static<typeof CustomerView>;

export const CustomerPage = pageOf(CustomerView, 'CustomerPage');
