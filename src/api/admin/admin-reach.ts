import { Problem } from '../../contract/problem.ts';
import type { Principal } from '../../contract/principal.ts';

const spanningTenant = 'default';

/** The one tenant that an admin may see and change; null for those of `default`, who may all. */
export function adminReach({ tenantId }: Principal): string | null {
  return tenantId === spanningTenant ? null : tenantId;
}

/** Throws `not-found` for a tenant out of reach: its neighbours do not learn whether it exists. */
export function requireReach(principal: Principal, tenantId: string): void {
  const only = adminReach(principal);
  if (only !== null && only !== tenantId) throw noSuchTenant();
}

export function noSuchTenant(): Problem {
  return new Problem('not-found', 'there is no such tenant');
}
