import { Type, type Static } from 'typebox';
import { closed, fields, paging } from './fields.ts';

/** Query of `GET /v1/events`: `after` is a cursor of an earlier answer, or an event's id. */
export const ListEvents = Type.Object(
  { after: Type.Optional(fields.text(1, 1_024)), limit: paging.limit },
  closed,
);

export type ListEvents = Static<typeof ListEvents>;

/**
 * A page of events, each as it was published. The cursor is always there: reading on from it finds
 * what comes later.
 */
export const EventPage = Type.Object(
  {
    items: Type.Array(
      // Open, so that an event is passed on with the bytes that it was published with.
      Type.Unsafe<unknown>({
        type: 'object',
        additionalProperties: true,
        description: 'A CloudEvents 1.0 event, as in /asyncapi.json.',
      }),
    ),
    next_cursor: Type.String({ description: 'Where to read on; also past what is new later.' }),
  },
  { ...closed, title: 'EventPage' },
);
