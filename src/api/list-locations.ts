import { ListPage } from '../contract/fields.ts';
import { LocationPage } from '../contract/location.ts';
import type { Call, Route } from '../contract/route.ts';
import { listLocations as readPage, type LocationRow } from '../store/read/catalogue.ts';
import type { Dependencies } from './dependencies.ts';
import { locationView } from './get-location.ts';
import { Page } from './page.ts';

const page = new Page<LocationRow>('locations', 'id', ({ location_id: id }) => [id]);

export function listLocations({ database }: Pick<Dependencies, 'database'>): Route {
  return {
    method: 'GET',
    path: '/v1/locations',
    operationId: 'listLocations',
    summary: 'The locations, by id',
    responses: { 200: LocationPage },
    scopes: ['appointments:read', 'appointments:self'],
    ownership: 'tenant',
    query: ListPage,
    precheck: page.precheck,
    handle: async ({ principal: { tenantId }, query }: Call<unknown, ListPage>) => {
      const { limit, after } = page.read(query);
      const wanted = { tenantId, after: String(after?.[0] ?? ''), limit: limit + 1 };
      return page.answer(await readPage(database, wanted), limit, locationView);
    },
  };
}
