import { fields } from '../contract/fields.ts';
import { Location, LocationView } from '../contract/location.ts';
import { ForceQuery, withRepairs } from '../contract/repairs.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import type { Location as StoredLocation } from '../domain/catalogue.ts';
import { findLocation } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import { memberOf } from './check-slot.ts';
import { checkTimeZone } from './check-time-zone.ts';
import { locationView } from './get-location.ts';
import { sharedRegion, type CatalogueParts } from './command-catalogue.ts';
import { putCatalogue } from './put-catalogue.ts';

const written = withRepairs(LocationView, 'PutLocation');

export function putLocation(parts: CatalogueParts): Route {
  return {
    method: 'PUT',
    path: '/v1/locations/:id',
    operationId: 'putLocation',
    summary: 'Makes or replaces a location',
    params: { id: fields.catalogueId() },
    problems: ['future-bookings'],
    responses: { 200: written, 201: written },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    query: ForceQuery,
    body: Location,
    bodyLimitBytes: 1_048_576,
    check: (body) => checkTimeZone(memberOf(body, 'time_zone'), '/time_zone'),
    handle: (call: Call<Location, ForceQuery>) => handle(parts, call),
  };
}

async function handle(parts: CatalogueParts, call: Call<Location, ForceQuery>): Promise<Answer> {
  const { body, params, principal } = call;
  const id = catalogueId(params, 'location');
  const location: StoredLocation = {
    id,
    name: body.name,
    timeZone: body.time_zone,
    latitude: body.latitude ?? null,
    longitude: body.longitude ?? null,
    region: body.region ?? 'default',
    active: body.active ?? true,
  };
  return putCatalogue(parts, call, {
    operation: 'put-location',
    region: sharedRegion,
    value: location,
    path: `/v1/locations/${id}`,
    view: async () => {
      const { reads } = parts.dependencies;
      const row = await findLocation(reads.of(principal.tenantId), {
        tenantId: principal.tenantId,
        id,
      });
      if (row === undefined) throw noSuch('location');
      return locationView(row);
    },
  });
}
