/**
 * How third parties of one kind ("caldav") are called. Every member is a number, so that all can be
 * set by name; limits hold per process.
 */
export interface CallPolicy {
  /** One call, connecting included. */
  timeoutMs: number;

  /** The breaker looks back on so many calls, none of them older than `windowMs`. */
  windowCalls: number;
  windowMs: number;
  /** With fewer calls in the window it judges nothing. */
  minimumCalls: number;
  /** The share of failed and slow calls at which it opens. */
  failurePercent: number;
  slowCallMs: number;
  /** Doubles with every failed probe, up to the cap. */
  openMs: number;
  openCapMs: number;
  /** Calls let through while half-open; all must succeed. */
  probes: number;
  /** After closing, the allowed rate grows over this time to 1.3 times what it was before. */
  rampMs: number;
  /** The rate before, in calls per second, counts as this much at least. */
  rampFloor: number;
  /** The longest a Retry-After is honoured. */
  retryAfterCapMs: number;

  retryBaseMs: number;
  retryCapMs: number;
  maxAttempts: number;
  /** Retries as a share of first calls, and what may be retried per second beside. */
  budgetPercent: number;
  budgetFloor: number;

  /** Calls in flight: of one tenant, and of all. */
  inFlightPerTenant: number;
  inFlight: number;
}

export const defaultCallPolicy: CallPolicy = {
  timeoutMs: 1_500,
  windowCalls: 50,
  windowMs: 30_000,
  minimumCalls: 10,
  failurePercent: 50,
  slowCallMs: 1_200,
  openMs: 2_000,
  openCapMs: 5_000,
  probes: 2,
  rampMs: 5_000,
  rampFloor: 50,
  retryAfterCapMs: 60_000,
  retryBaseMs: 200,
  retryCapMs: 30_000,
  maxAttempts: 12,
  budgetPercent: 10,
  budgetFloor: 5,
  inFlightPerTenant: 8,
  inFlight: 64,
};

export type CallPolicyMember = keyof CallPolicy;

/** `windowCalls` for `window_calls`; undefined where no member is called so. */
export function callPolicyMember(name: string): CallPolicyMember | undefined {
  const member = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const isMember = /^[a-z_]+$/.test(name) && Object.hasOwn(defaultCallPolicy, member);
  return isMember ? (member as CallPolicyMember) : undefined;
}
