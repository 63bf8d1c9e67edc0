import type { Route } from '../../contract/route.ts';
import { TenantPage } from '../../contract/tenant.ts';
import { listTenants as readPage, type TenantRow } from '../../store/read/tenants.ts';
import type { Dependencies } from '../dependencies.ts';
import { listRoute } from '../list-route.ts';
import { adminReach } from './admin-reach.ts';
import { tenantView } from './get-tenant.ts';

export function listTenants({ directory }: Pick<Dependencies, 'directory'>): Route {
  return listRoute<TenantRow>({
    name: 'tenants',
    path: '/v1/admin/tenants',
    operationId: 'listTenants',
    summary: 'The tenants that the caller may see, by id',
    scopes: ['admin'],
    pageSchema: TenantPage,
    idKind: 'id',
    idOf: ({ tenant_id: id }) => id,
    read: ({ principal }, page) => readPage(directory, { only: adminReach(principal), ...page }),
    view: tenantView,
  });
}
