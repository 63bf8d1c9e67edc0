import { ServiceType } from '../contract/service-type.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import type { ServiceType as StoredServiceType } from '../domain/catalogue.ts';
import { findServiceType } from '../store/read/catalogue.ts';
import { catalogueId, noSuch } from './catalogue-id.ts';
import { serviceTypeView } from './get-service-type.ts';
import { putCatalogue, type CatalogueParts } from './put-catalogue.ts';

export function putServiceType(parts: CatalogueParts): Route {
  return {
    method: 'PUT',
    path: '/v1/service-types/:code',
    scopes: ['catalogue:write'],
    ownership: 'tenant',
    body: ServiceType,
    bodyLimitBytes: 1_048_576,
    handle: (call: Call<ServiceType>) => handle(parts, call),
  };
}

async function handle(parts: CatalogueParts, call: Call<ServiceType>): Promise<Answer> {
  const { body, params, principal } = call;
  const code = catalogueId(params, 'service type');
  const { name, active = true, travel = false } = body;
  return putCatalogue(parts, call, {
    operation: 'put-service-type',
    payload: { code, name, active, travel } satisfies StoredServiceType,
    path: `/v1/service-types/${code}`,
    view: async () => {
      const { database } = parts.dependencies;
      const row = await findServiceType(database, { tenantId: principal.tenantId, id: code });
      if (row === undefined) throw noSuch('service type');
      return serviceTypeView(row);
    },
  });
}
