import { fields } from '../contract/fields.ts';
import { ForceQuery, withRepairs } from '../contract/repairs.ts';
import { ServiceType, ServiceTypeView } from '../contract/service-type.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import type { ServiceType as StoredServiceType } from '../domain/catalogue.ts';
import { findServiceType } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import { serviceTypeView } from './get-service-type.ts';
import { sharedRegion, type CatalogueParts } from './command-catalogue.ts';
import { putCatalogue } from './put-catalogue.ts';

const written = withRepairs(ServiceTypeView, 'PutServiceType');

export function putServiceType(parts: CatalogueParts): Route {
  return {
    method: 'PUT',
    path: '/v1/service-types/:code',
    operationId: 'putServiceType',
    summary: 'Makes or replaces a service type',
    params: { code: fields.serviceTypeCode() },
    problems: ['future-bookings'],
    responses: { 200: written, 201: written },
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    query: ForceQuery,
    body: ServiceType,
    bodyLimitBytes: 1_048_576,
    handle: (call: Call<ServiceType, ForceQuery>) => handle(parts, call),
  };
}

async function handle(parts: CatalogueParts, call: Call<ServiceType, ForceQuery>): Promise<Answer> {
  const { body, params, principal } = call;
  const code = catalogueId(params, 'service type');
  const { name, active = true, travel = false } = body;
  return putCatalogue(parts, call, {
    operation: 'put-service-type',
    region: sharedRegion,
    value: { code, name, active, travel } satisfies StoredServiceType,
    path: `/v1/service-types/${code}`,
    view: async () => {
      const { reads } = parts.dependencies;
      const row = await findServiceType(reads.of(principal.tenantId), {
        tenantId: principal.tenantId,
        id: code,
      });
      if (row === undefined) throw noSuch('service type');
      return serviceTypeView(row);
    },
  });
}
