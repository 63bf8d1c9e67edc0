import { problemCodes, type ProblemCode } from '../problem.ts';
import type { Route } from '../route.ts';
import { pathParameters } from './path-template.ts';

/** The codes that a route can answer, by status: what its properties entail, and its own. */
export function problemCodesOf(route: Route): Map<number, ProblemCode[]> {
  const found = new Map<number, Set<ProblemCode>>();
  const add = (codes: readonly ProblemCode[], decidedStatus?: number): void => {
    for (const code of codes) {
      const status = decidedStatus ?? problemCodes[code].status;
      found.set(status, (found.get(status) ?? new Set()).add(code));
    }
  };
  const reads = route.reads ?? [];
  add(['malformed-header', 'body-too-large', 'validation-failed', 'headers-too-large']);
  add(['request-timeout', 'internal-error']);
  if (route.ownership !== 'public') {
    add(['unauthenticated', 'forbidden', 'rate-limited', 'unavailable']);
  }
  // Also where no body is taken: one that comes all the same is looked at.
  if (route.method !== 'GET') add(['malformed-body', 'unsupported-media-type']);
  // Of a key's first use, which may be gone by now, as of what the path names.
  if (route.idempotent === true || pathParameters(route.path).length > 0) add(['not-found']);
  if (route.idempotent === true) {
    add(['idempotency-key-missing', 'idempotency-key-mismatch', 'idempotency-key-reused']);
    add(['key-in-flight']);
  }
  if (takesCursor(route)) add(['bad-cursor']);
  if (reads.includes('if-match')) {
    add(['version-conflict']);
    if (reads.includes('prefer')) add(['version-conflict'], 409);
  }
  add(route.problems ?? []);
  const sorted = [...found].sort(([a], [b]) => a - b);
  return new Map(sorted.map(([status, codes]) => [status, [...codes]]));
}

function takesCursor({ query }: Route): boolean {
  const { properties } = (query ?? {}) as { properties?: Record<string, unknown> };
  return properties?.['cursor'] !== undefined;
}
