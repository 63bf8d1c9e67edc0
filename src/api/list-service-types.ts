import { ListPage } from '../contract/fields.ts';
import type { Call, Route } from '../contract/route.ts';
import { ServiceTypePage } from '../contract/service-type.ts';
import { listServiceTypes as readPage, type ServiceTypeRow } from '../store/read/catalogue.ts';
import type { Dependencies } from './dependencies.ts';
import { serviceTypeView } from './get-service-type.ts';
import { Page } from './page.ts';

const page = new Page<ServiceTypeRow>('service-types', 'id', ({ code }) => [code]);

export function listServiceTypes({ database }: Pick<Dependencies, 'database'>): Route {
  return {
    method: 'GET',
    path: '/v1/service-types',
    operationId: 'listServiceTypes',
    summary: 'The service types, by code',
    responses: { 200: ServiceTypePage },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'tenant',
    query: ListPage,
    precheck: page.precheck,
    handle: async ({ principal: { tenantId }, query }: Call<unknown, ListPage>) => {
      const { limit, after } = page.read(query);
      const wanted = { tenantId, after: String(after?.[0] ?? ''), limit: limit + 1 };
      return page.answer(await readPage(database, wanted), limit, serviceTypeView);
    },
  };
}
