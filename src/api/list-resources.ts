import { ListPage } from '../contract/fields.ts';
import { ResourcePage } from '../contract/resource.ts';
import type { Call, Route } from '../contract/route.ts';
import { listResources as readPage, type ResourceRow } from '../store/read/catalogue.ts';
import type { Dependencies } from './dependencies.ts';
import { resourceView } from './get-resource.ts';
import { Page } from './page.ts';

const page = new Page<ResourceRow>('resources', 'id', ({ resource_id: id }) => [id]);

export function listResources({ database }: Pick<Dependencies, 'database'>): Route {
  return {
    method: 'GET',
    path: '/v1/resources',
    operationId: 'listResources',
    summary: 'The resources, by id',
    responses: { 200: ResourcePage },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'tenant',
    query: ListPage,
    precheck: page.precheck,
    handle: async ({ principal: { tenantId }, query }: Call<unknown, ListPage>) => {
      const { limit, after } = page.read(query);
      const wanted = { tenantId, after: String(after?.[0] ?? ''), limit: limit + 1 };
      return page.answer(await readPage(database, wanted), limit, resourceView);
    },
  };
}
