import { nothing } from '../contract/answer-fields.ts';
import { fields } from '../contract/fields.ts';
import { ForceQuery, withRepairs } from '../contract/repairs.ts';
import { LocationView } from '../contract/location.ts';
import type { Call, Route } from '../contract/route.ts';
import { findLocation } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import { sharedRegion, type CatalogueParts } from './command-catalogue.ts';
import { deleteCatalogue } from './delete-catalogue.ts';
import { locationView } from './get-location.ts';

export function deleteLocation(parts: CatalogueParts): Route {
  return {
    method: 'DELETE',
    path: '/v1/locations/:id',
    operationId: 'deleteLocation',
    summary: 'Deactivates a location',
    params: { id: fields.catalogueId() },
    problems: ['future-bookings'],
    responses: { 200: withRepairs(LocationView, 'DeactivatedLocation'), 204: nothing },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    query: ForceQuery,
    handle: async (call: Call<unknown, ForceQuery>) => {
      const { reads } = parts.dependencies;
      const id = catalogueId(call.params, 'location');
      const wanted = { tenantId: call.principal.tenantId, id };
      const read = async () => {
        const row = await findLocation(reads.of(wanted.tenantId), wanted);
        if (row === undefined) throw noSuch('location');
        return row;
      };
      await read();
      return deleteCatalogue(parts, call, {
        operation: 'deactivate-location',
        region: sharedRegion,
        id,
        view: async () => locationView(await read()),
      });
    },
  };
}
