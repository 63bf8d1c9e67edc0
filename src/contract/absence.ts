import { Type, type Static } from 'typebox';
import { answerFields, pageOf } from './answer-fields.ts';
import { closed, fields, nullable } from './fields.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { Repairs } from './repairs.ts';

/** Body of `POST /v1/resources/{id}/absences`. */
export const Absence = Type.Object(
  {
    idempotency_key: idempotencyKey,
    start_time: fields.instant(),
    end_time: fields.instant(),
    reason: Type.Optional(nullable<string>(fields.text(1, 500))),
  },
  closed,
);

export type Absence = Static<typeof Absence>;

/** With `dry_run` nothing is recorded and the key stays free. */
export const AbsenceQuery = Type.Object({ dry_run: Type.Optional(Type.Boolean()) }, closed);

export type AbsenceQuery = Static<typeof AbsenceQuery>;

const members = {
  resource_id: Type.String(),
  start_time: answerFields.instant(),
  end_time: answerFields.instant(),
  reason: answerFields.text(),
};

export const AbsenceView = Type.Object(
  { id: answerFields.uuid(), ...members, created_at: answerFields.instant() },
  { ...closed, title: 'Absence' },
);

export type AbsenceView = Static<typeof AbsenceView>;

export const AbsencePage = pageOf(AbsenceView, 'AbsencePage');

/** An absence as it was added, with what became of the bookings in its way. */
export const AddedAbsence = Type.Object(
  { ...AbsenceView.properties, ...Repairs.properties },
  { ...closed, title: 'AddedAbsence' },
);

export type AddedAbsence = Static<typeof AddedAbsence>;

/** What adding it would do now. */
export const AbsencePreview = Type.Object(
  { id: Type.Null(), ...members, ...Repairs.properties },
  { ...closed, title: 'AbsencePreview' },
);

export type AbsencePreview = Static<typeof AbsencePreview>;
