import type { Call } from '../contract/route.ts';

/** Who asked for a change, for the audit. */
export function changedBy({ principal, requestId }: Pick<Call, 'principal' | 'requestId'>) {
  return { actor: principal.actor, requestId };
}
