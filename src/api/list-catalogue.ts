import { LocationPage } from '../contract/location.ts';
import { ResourcePage } from '../contract/resource.ts';
import type { Route } from '../contract/route.ts';
import { ServiceTypePage } from '../contract/service-type.ts';
import {
  listLocations,
  listResources,
  listServiceTypes,
  type LocationRow,
  type ResourceRow,
  type ServiceTypeRow,
} from '../store/read/catalogue.ts';
import type { Dependencies } from './dependencies.ts';
import { locationView } from './get-location.ts';
import { resourceSeenBy, resourceView } from './get-resource.ts';
import { serviceTypeView } from './get-service-type.ts';
import { listRoute } from './list-route.ts';

/** The lists of the catalogue. */
export function listCatalogue({ reads }: Pick<Dependencies, 'reads'>): Route[] {
  return [
    listRoute<ServiceTypeRow>({
      name: 'service-types',
      path: '/v1/service-types',
      operationId: 'listServiceTypes',
      summary: 'The service types, by code',
      pageSchema: ServiceTypePage,
      idKind: 'id',
      idOf: ({ code }) => code,
      read: ({ principal: { tenantId } }, page) =>
        listServiceTypes(reads.of(tenantId), tenantId, page),
      view: serviceTypeView,
    }),
    listRoute<LocationRow>({
      name: 'locations',
      path: '/v1/locations',
      operationId: 'listLocations',
      summary: 'The locations, by id',
      pageSchema: LocationPage,
      idKind: 'id',
      idOf: ({ location_id: id }) => id,
      read: ({ principal: { tenantId } }, page) =>
        listLocations(reads.of(tenantId), tenantId, page),
      view: locationView,
    }),
    listRoute<ResourceRow>({
      name: 'resources',
      path: '/v1/resources',
      operationId: 'listResources',
      summary: 'The resources, by id',
      pageSchema: ResourcePage,
      idKind: 'id',
      idOf: ({ resource_id: id }) => id,
      read: async ({ principal }, page) => {
        const rows = await listResources(reads.of(principal.tenantId), principal.tenantId, page);
        return rows.map((row) => resourceSeenBy(principal, row));
      },
      view: resourceView,
    }),
  ];
}
