import { Type, type Static } from 'typebox';
import { closed, fields, paging } from './fields.ts';

const state = '(?:INIT|SCHEDULED|CONFIRMED|IN_PROGRESS|COMPLETED|CANCELLED|FAILED)';

/**
 * Query of `GET /v1/appointments`: all of what is given must hold. A cursor is a place in the order
 * of (start, id), so an appointment that does not change while the pages are read is in exactly one
 * of them. One that is rescheduled meanwhile is seen where it stood when a page was read: it may
 * be in two pages, or in none.
 */
export const ListAppointments = Type.Object(
  {
    customer_id: Type.Optional(fields.uuid()),
    resource_id: Type.Optional(fields.text(1, 64)),
    location: Type.Optional(fields.text(1, 255)),
    state: Type.Optional(Type.String({ pattern: `^${state}(?:,${state})*$` })),
    service_type: Type.Optional(fields.text(1, 64)),
    from: Type.Optional(fields.instant()),
    to: Type.Optional(fields.instant()),
    ...paging,
  },
  closed,
);

export type ListAppointments = Static<typeof ListAppointments>;
