import type { Surroundings } from './surroundings.ts';

/** Who makes a change on the command line, for the audit. */
export function changedHere({ account }: Pick<Surroundings, 'account'>) {
  return { actor: `cli:${account}`, requestId: null };
}
