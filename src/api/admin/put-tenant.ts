import { fields } from '../../contract/fields.ts';
import type { Answer, Call, Route } from '../../contract/route.ts';
import { Tenant, TenantView } from '../../contract/tenant.ts';
import { findTenant } from '../../store/read/tenants.ts';
import { putTenant as storeTenant } from '../../store/write/tenants.ts';
import { acceptEpoch } from '../accept-epoch.ts';
import { changedBy } from '../changed-by.ts';
import type { Dependencies } from '../dependencies.ts';
import { noSuchTenant } from './admin-reach.ts';
import { tenantOf, tenantView } from './get-tenant.ts';

type Parts = Pick<Dependencies, 'database' | 'reads' | 'epoch'>;

export function putTenant(parts: Parts): Route {
  return {
    method: 'PUT',
    path: '/v1/admin/tenants/:id',
    operationId: 'putTenant',
    summary: 'Makes a tenant, or replaces its name and settings',
    params: { id: fields.tenantId() },
    responses: { 200: TenantView, 201: TenantView },
    scopes: ['admin'],
    ownership: 'tenant',
    body: Tenant,
    handle: (call: Call<Tenant>) => handle(parts, call),
  };
}

async function handle({ database, reads, epoch }: Parts, call: Call<Tenant>): Promise<Answer> {
  const id = tenantOf(call);
  const { name, settings = {} } = call.body;
  const by = changedBy(call);
  const { created } = await acceptEpoch(epoch, (current) =>
    storeTenant(database, current, { id, name, settings, by }),
  );
  const row = await findTenant(reads.of(id), id);
  if (row === undefined) throw noSuchTenant();
  const headers = { location: `/v1/admin/tenants/${id}` };
  return { status: created ? 201 : 200, body: tenantView(row), ...(created && { headers }) };
}
