import { fields, patterns } from '../../contract/fields.ts';
import type { Call, Route } from '../../contract/route.ts';
import { tenantSettings, TenantView, type TenantSettings } from '../../contract/tenant.ts';
import { formatInstant } from '../../domain/slot.ts';
import { findTenant, type TenantRow } from '../../store/read/tenants.ts';
import type { Dependencies } from '../dependencies.ts';
import { noSuchTenant, requireReach } from './admin-reach.ts';

export function getTenant({ reads }: Pick<Dependencies, 'reads'>): Route {
  return {
    method: 'GET',
    path: '/v1/admin/tenants/:id',
    operationId: 'getTenant',
    summary: 'One tenant',
    params: { id: fields.tenantId() },
    responses: { 200: TenantView },
    scopes: ['admin'],
    ownership: 'tenant',
    handle: async (call: Call) => {
      const id = tenantOf(call);
      const row = await findTenant(reads.of(id), id);
      if (row === undefined) throw noSuchTenant();
      return { status: 200, body: tenantView(row) };
    },
  };
}

const tenantId = new RegExp(patterns.tenantId);

/** The tenant in the path, which the caller may see and change. */
export function tenantOf({ params, principal }: Pick<Call, 'params' | 'principal'>): string {
  const id = params['id'] ?? '';
  if (!tenantId.test(id)) throw noSuchTenant();
  requireReach(principal, id);
  return id;
}

export function tenantView(row: TenantRow): TenantView {
  return {
    id: row.tenant_id,
    name: row.name,
    settings: { ...defaults, ...row.settings } as TenantSettings,
    created_at: formatInstant(row.created_s),
  };
}

const defaults = Object.fromEntries(
  Object.entries(tenantSettings).map(([name, schema]) => [
    name,
    (schema as { default?: unknown }).default,
  ]),
);
