import { nothing } from '../contract/answer-fields.ts';
import { fields } from '../contract/fields.ts';
import { ForceQuery, withRepairs } from '../contract/repairs.ts';
import { ServiceTypeView } from '../contract/service-type.ts';
import type { Call, Route } from '../contract/route.ts';
import { findServiceType } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import { sharedRegion, type CatalogueParts } from './command-catalogue.ts';
import { deleteCatalogue } from './delete-catalogue.ts';
import { serviceTypeView } from './get-service-type.ts';

export function deleteServiceType(parts: CatalogueParts): Route {
  return {
    method: 'DELETE',
    path: '/v1/service-types/:code',
    operationId: 'deleteServiceType',
    summary: 'Deactivates a service type',
    params: { code: fields.serviceTypeCode() },
    problems: ['future-bookings'],
    responses: { 200: withRepairs(ServiceTypeView, 'DeactivatedServiceType'), 204: nothing },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    query: ForceQuery,
    handle: async (call: Call<unknown, ForceQuery>) => {
      const { reads } = parts.dependencies;
      const id = catalogueId(call.params, 'service type');
      const wanted = { tenantId: call.principal.tenantId, id };
      const read = async () => {
        const row = await findServiceType(reads.of(wanted.tenantId), wanted);
        if (row === undefined) throw noSuch('service type');
        return row;
      };
      await read();
      return deleteCatalogue(parts, call, {
        operation: 'deactivate-service-type',
        region: sharedRegion,
        id,
        view: async () => serviceTypeView(await read()),
      });
    },
  };
}
