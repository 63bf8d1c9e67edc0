import { Location } from '../contract/location.ts';
import type { Violation } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import type { Location as StoredLocation } from '../domain/catalogue.ts';
import { findLocation } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import { memberOf } from './check-slot.ts';
import { checkTimeZone } from './check-time-zone.ts';
import { locationView } from './get-location.ts';
import { putCatalogue, type CatalogueParts } from './put-catalogue.ts';

export function putLocation(parts: CatalogueParts): Route {
  return {
    method: 'PUT',
    path: '/v1/locations/:id',
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    body: Location,
    bodyLimitBytes: 1_048_576,
    check: checkLocation,
    handle: (call: Call<Location>) => handle(parts, call),
  };
}

function checkLocation(body: unknown): Violation[] {
  const violations = checkTimeZone(memberOf(body, 'time_zone'), '/time_zone');
  const region = memberOf(body, 'region');
  if (typeof region === 'string' && region !== 'default') {
    const message = 'must be default: there is one region for now';
    violations.push({ pointer: '/region', code: 'not-available-yet', message });
  }
  return violations;
}

async function handle(parts: CatalogueParts, call: Call<Location>): Promise<Answer> {
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
    payload: location,
    path: `/v1/locations/${id}`,
    view: async () => {
      const { database } = parts.dependencies;
      const row = await findLocation(database, { tenantId: principal.tenantId, id });
      if (row === undefined) throw noSuch('location');
      return locationView(row);
    },
  });
}
