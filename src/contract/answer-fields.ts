import { Type, type TSchema } from 'typebox';
import { closed, nullable } from './fields.ts';

const uuid = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
const instant = String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$`;

/** What answers consist of: requests may spell the same in several ways, answers may not. */
export const answerFields = {
  uuid: () => Type.String({ pattern: uuid, examples: ['018f3c1e-7b4a-7c3d-9e2f-5a6b7c8d9e0f'] }),
  instant: () => Type.String({ pattern: instant, examples: ['2035-06-05T09:00:00Z'] }),
  /** Text, or null where there is none. */
  text: () => nullable<string>(Type.String()),
  /** A path of this service. */
  path: () => Type.String({ pattern: '^/' }),
};

/** A slot as it is answered. */
export const AnsweredSlot = Type.Object(
  { start_time: answerFields.instant(), end_time: answerFields.instant() },
  closed,
);

/** One page of a list. */
export function pageOf<Item extends TSchema>(item: Item, title: string) {
  const cursor = nullable<string>(
    Type.String({ description: 'Where the next page begins; null on the last.' }),
  );
  return Type.Object({ items: Type.Array(item), next_cursor: cursor }, { ...closed, title });
}

/** An answer without a body. */
export const nothing = Type.Null();

/** A document or page whose media type the route names. */
export const page = Type.String();
