/** What a credential may do. A customer's token has `appointments:self` and nothing else. */
export const scopes = [
  'appointments:read',
  'appointments:write',
  'appointments:self',
  'catalogue:write',
  'events:read',
  'admin',
] as const;

export type Scope = (typeof scopes)[number];

/** Who is calling, once the edge has checked the credential. */
export interface Principal {
  tenantId: string;
  /** `key:<key id>`, `customer:<id>` or `user:<sub>`: goes into history, commands and logs. */
  actor: string;
  scopes: ReadonlySet<Scope>;
  /** Set for a customer's own token: every query is then narrowed to this customer. */
  customerId: string | null;
  /** Set for a provider's token: the resource whose appointments it is about. */
  resourceId: string | null;
}
