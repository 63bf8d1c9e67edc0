import { Type, type Static, type TObject, type TProperties } from 'typebox';
import { answerFields } from './answer-fields.ts';
import { closed } from './fields.ts';

const Moved = Type.Object(
  { appointment_id: answerFields.uuid(), from: Type.String(), to: Type.String() },
  closed,
);

const Proposal = Type.Object(
  {
    resource_id: Type.String(),
    start_time: answerFields.instant(),
    end_time: answerFields.instant(),
  },
  closed,
);

const Unresolved = Type.Object(
  { appointment_id: answerFields.uuid(), proposals: Type.Array(Proposal) },
  closed,
);

const repairs = {
  moved: Type.Array(Moved, { description: 'Bookings that were in the way; resources by id.' }),
  unresolved: Type.Array(Unresolved, { description: 'What cannot be moved stays where it is.' }),
};

/** What becomes of the bookings that a change of the catalogue leaves without a place. */
export const Repairs = Type.Object(repairs, closed);

export type Repairs = Static<typeof Repairs>;

/** What a command about the catalogue came to. */
export type CatalogueResult = Partial<Repairs> & { created?: boolean };

/** The view of what was changed and, where the change was forced, what became of bookings. */
export function withRepairs<Members extends TProperties>(view: TObject<Members>, title: string) {
  return Type.Object(
    {
      ...view.properties,
      moved: Type.Optional(repairs.moved),
      unresolved: Type.Optional(repairs.unresolved),
    },
    { ...closed, title },
  );
}

/** Query of changes that are refused where they leave bookings without a place, unless forced. */
export const ForceQuery = Type.Object({ force: Type.Optional(Type.Boolean()) }, closed);

export type ForceQuery = Static<typeof ForceQuery>;
