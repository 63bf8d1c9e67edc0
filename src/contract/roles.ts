import type { Scope } from './principal.ts';

/**
 * What the roles of an identity provider grant here, as named sets of scopes; a role that is not
 * listed grants nothing. They reach all rows of the token's tenant, but for `provider`: who holds
 * it works for one resource, which the token's claim `resource_id` names, and is to reach that
 * one's appointments only. Until calls are narrowed so, its token grants nothing.
 */
export const staffRoles = {
  /** Plans the day: books for customers, and takes resources in and out of service. */
  dispatcher: ['appointments:read', 'appointments:write', 'catalogue:write'],
  /** Does the work: starts, completes, fails and reschedules what is booked on the resource. */
  provider: ['appointments:read', 'appointments:write'],
  /** Runs the installation: tenants, keys, tasks and dead letters, but books nothing. */
  operator: ['appointments:read', 'catalogue:write', 'events:read', 'admin'],
  /** Another system: books, and follows what becomes of it. */
  integration: ['appointments:read', 'appointments:write', 'events:read'],
} as const satisfies Record<string, readonly Scope[]>;

export type StaffRole = keyof typeof staffRoles;
