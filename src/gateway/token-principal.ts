import { patterns } from '../contract/fields.ts';
import { scopes as knownScopes, type Principal, type Scope } from '../contract/principal.ts';
import { staffRoles, type StaffRole } from '../contract/roles.ts';

export interface ClaimNames {
  tenantClaim: string;
  roleClaim: string;
}

type Claims = Readonly<Record<string, unknown>>;

const tenantId = new RegExp(patterns.tenantId);
const uuid = new RegExp(patterns.uuid);
const catalogueId = new RegExp(patterns.catalogueId);
/** OpenID Connect Core, 2. */
const subject = /^[\x21-\x7e]{1,255}$/;

/**
 * Who calls, by the claims of a verified token; undefined without a tenant or a subject. What the
 * token grants is the union of its scopes and those of its roles, but for those that are bound to
 * one customer or one resource: `appointments:self` stands alone, and so does the role `provider`.
 */
export function tokenPrincipal(claims: Claims, names: ClaimNames): Principal | undefined {
  // Bound to a key of the client's (RFC 7800), which whoever merely bears it need not have.
  if (claims['cnf'] !== undefined) return undefined;
  const tenant = claims[names.tenantClaim];
  if (typeof tenant !== 'string' || !tenantId.test(tenant)) return undefined;
  const sub = claims['sub'] ?? claims['client_id'];
  if (typeof sub !== 'string' || !subject.test(sub)) return undefined;
  const named = [...wordsIn(claims['scope']), ...wordsIn(claims['scp'])];
  if (named.includes('appointments:self')) return customer(tenant, sub);
  const roles = wordsIn(claims[names.roleClaim]);
  if (roles.includes('provider')) return provider(tenant, sub, resourceOf(claims));
  const granted = new Set<string>([...named, ...roles.flatMap(scopesOf)]);
  return {
    tenantId: tenant,
    actor: `user:${sub}`,
    scopes: new Set(knownScopes.filter((it) => granted.has(it))),
    customerId: null,
    resourceId: null,
  };
}

/** A subject that is no customer's id can do nothing: there is nothing to narrow its calls to. */
function customer(tenant: string, sub: string): Principal {
  const customerId = uuid.test(sub) ? sub.toLowerCase() : null;
  return {
    tenantId: tenant,
    actor: customerId === null ? `user:${sub}` : `customer:${customerId}`,
    scopes: new Set(['appointments:self'] as const),
    customerId,
    resourceId: null,
  };
}

/** One that names no resource can do nothing either. */
function provider(tenant: string, sub: string, resourceId: string | null): Principal {
  return {
    tenantId: tenant,
    actor: `user:${sub}`,
    scopes: new Set(resourceId === null ? [] : staffRoles.provider),
    customerId: null,
    resourceId,
  };
}

function resourceOf({ resource_id: id }: Claims): string | null {
  return typeof id === 'string' && catalogueId.test(id) ? id : null;
}

function scopesOf(role: string): readonly Scope[] {
  return Object.hasOwn(staffRoles, role) ? staffRoles[role as StaffRole] : [];
}

/** Words separated by blanks, or a list of them; anything else names nothing. */
function wordsIn(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
}
