import type { Route } from '../../contract/route.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Idempotency } from '../idempotency.ts';
import { createApiKey } from './create-api-key.ts';
import { getApiKey } from './get-api-key.ts';
import { getTenant } from './get-tenant.ts';
import { listApiKeys } from './list-api-keys.ts';
import { listTenants } from './list-tenants.ts';
import { putTenant } from './put-tenant.ts';
import { revokeApiKey } from './revoke-api-key.ts';

export interface AdminParts {
  dependencies: Dependencies;
  idempotency: Idempotency;
}

/** What operators do; all of it takes the scope `admin`. */
export function adminRoutes(parts: AdminParts): Route[] {
  const { dependencies } = parts;
  return [
    ...[putTenant, getTenant, listTenants].map((route) => route(dependencies)),
    createApiKey(parts),
    ...[getApiKey, listApiKeys, revokeApiKey].map((route) => route(dependencies)),
  ];
}
