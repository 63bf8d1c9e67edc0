import { nothing } from '../contract/answer-fields.ts';
import { fields } from '../contract/fields.ts';
import { ForceQuery, withRepairs } from '../contract/repairs.ts';
import { ResourceView } from '../contract/resource.ts';
import type { Call, Route } from '../contract/route.ts';
import { findResource } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import type { CatalogueParts } from './command-catalogue.ts';
import { deleteCatalogue } from './delete-catalogue.ts';
import { resourceView } from './get-resource.ts';

export function deleteResource(parts: CatalogueParts): Route {
  return {
    method: 'DELETE',
    path: '/v1/resources/:id',
    operationId: 'deleteResource',
    summary: 'Deactivates a resource',
    params: { id: fields.catalogueId() },
    problems: ['future-bookings'],
    responses: { 200: withRepairs(ResourceView, 'DeactivatedResource'), 204: nothing },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    query: ForceQuery,
    handle: async (call: Call<unknown, ForceQuery>) => {
      const { reads } = parts.dependencies;
      const id = catalogueId(call.params, 'resource');
      const wanted = { tenantId: call.principal.tenantId, id };
      const read = async () => {
        const row = await findResource(reads.of(wanted.tenantId), wanted);
        if (row === undefined) throw noSuch('resource');
        return row;
      };
      const { region } = await read();
      return deleteCatalogue(parts, call, {
        operation: 'deactivate-resource',
        region,
        id,
        view: async () => resourceView(await read()),
      });
    },
  };
}
