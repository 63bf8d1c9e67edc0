import { fields } from '../contract/fields.ts';
import { type HoursView, ResourceView } from '../contract/resource.ts';
import type { Call, Route } from '../contract/route.ts';
import { formatInstant } from '../domain/slot.ts';
import type { Reach } from '../domain/reach.ts';
import { findResource, type ResourceRow } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import type { Dependencies } from './dependencies.ts';

export function getResource({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/resources/:id',
    operationId: 'getResource',
    summary: 'One resource',
    params: { id: fields.catalogueId() },
    responses: { 200: ResourceView },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'tenant',
    handle: async ({ principal, params }: Call) => {
      const id = catalogueId(params, 'resource');
      const row = await findResource(reads.of(principal.tenantId), {
        tenantId: principal.tenantId,
        id,
      });
      if (row === undefined) throw noSuch('resource');
      return { status: 200, body: resourceView(resourceSeenBy(principal, row)) };
    },
  };
}

/** Where somebody keeps a calendar, and under which name, is for staff and for themselves. */
export function resourceSeenBy({ customerId, resourceId }: Reach, row: ResourceRow): ResourceRow {
  const isOwn = resourceId === null || resourceId === row.resource_id;
  return customerId === null && isOwn ? row : { ...row, calendar_kind: null };
}

export function resourceView(row: ResourceRow): ResourceView {
  const { calendar_kind: kind, calendar_url: url, calendar_username: username } = row;
  return {
    id: row.resource_id,
    name: row.name,
    service_types: row.service_types,
    locations: row.locations,
    time_zone: row.time_zone,
    working_hours: row.working_hours.map(hoursView),
    breaks: row.breaks.map(hoursView),
    buffer_before_minutes: row.buffer_before_seconds / 60,
    buffer_after_minutes: row.buffer_after_seconds / 60,
    capacity: row.capacity,
    active: row.active,
    calendar: kind === null ? null : { kind, url, username },
    created_at: formatInstant(row.created_s),
    updated_at: formatInstant(row.updated_s),
  };
}

/** The members in the contract's order, which the database does not keep. */
function hoursView({ days, start, end }: HoursView): HoursView {
  return { days, start, end };
}
