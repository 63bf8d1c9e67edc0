import type { Scope } from './principal.ts';

/**
 * What the roles of an identity provider grant here: named sets of scopes, each with a rule on
 * rows. A role that is not listed grants nothing.
 *
 * Dispatcher, operator and integration reach all rows of the token's tenant. Two kinds of callers
 * are bound, and whatever else their token grants is left aside:
 * - A customer (`appointments:self`) has its own appointments and its own record. It books, looks,
 *   reschedules and cancels; it does not start, complete or fail.
 * - A provider has what is assigned to its resource (claim `resource_id`) at this moment. It looks,
 *   starts, completes, fails, cancels, changes metadata, and reschedules on that resource alone. It
 *   does not book, reads no customer's record, and sees the availability of its resource only. What
 *   is given to another resource is gone for it: also a command that was not decided by then.
 * Neither reads the event log, others' bookings in a refusal, who acted, or others' calendars.
 *
 * The rules on rows are conditions of the queries (`store/row-rules.ts`); which routes are narrowed
 * by them is the `ownership` of each; `test/contract/authorisation/` holds every route to a table.
 */
export const staffRoles = {
  /** Plans the day: books for customers, and takes resources in and out of service. */
  dispatcher: ['appointments:read', 'appointments:write', 'catalogue:write'],
  /** Does the work that is booked on its resource. */
  provider: ['appointments:read', 'appointments:write'],
  /** Runs the installation: tenants, keys, tasks and dead letters, but books nothing. */
  operator: ['appointments:read', 'catalogue:write', 'events:read', 'admin'],
  /** Another system: books, and follows what becomes of it. */
  integration: ['appointments:read', 'appointments:write', 'events:read'],
} as const satisfies Record<string, readonly Scope[]>;

export type StaffRole = keyof typeof staffRoles;
