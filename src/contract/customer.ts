import { Type, type Static } from 'typebox';
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

export interface CustomerView {
  id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  locale: string | null;
  time_zone: string | null;
  created_at: string;
  updated_at: string;
}
