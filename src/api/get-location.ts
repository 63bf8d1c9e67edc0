import { fields } from '../contract/fields.ts';
import { LocationView } from '../contract/location.ts';
import type { Call, Route } from '../contract/route.ts';
import { formatInstant } from '../domain/slot.ts';
import { findLocation, type LocationRow } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import type { Dependencies } from './dependencies.ts';

export function getLocation({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/locations/:id',
    operationId: 'getLocation',
    summary: 'One location',
    params: { id: fields.catalogueId() },
    responses: { 200: LocationView },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'tenant',
    handle: async ({ principal: { tenantId }, params }: Call) => {
      const row = await findLocation(reads.of(tenantId), {
        tenantId,
        id: catalogueId(params, 'location'),
      });
      if (row === undefined) throw noSuch('location');
      return { status: 200, body: locationView(row) };
    },
  };
}

export function locationView(row: LocationRow): LocationView {
  return {
    id: row.location_id,
    name: row.name,
    time_zone: row.time_zone,
    latitude: row.latitude,
    longitude: row.longitude,
    region: row.region,
    active: row.active,
    created_at: formatInstant(row.created_s),
    updated_at: formatInstant(row.updated_s),
  };
}
