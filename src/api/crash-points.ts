import type { Failpoints } from '../io/failpoints.ts';

interface Needs {
  failpoints: Failpoints;
}

/** Where the api can be made to die, with what is held at that moment. */
export const crashPoints = {
  /** Requests that were checked, of which nothing is durable. */
  beforeTransaction: ({ failpoints }: Needs) => failpoints.reach('api.before-transaction'),

  /** Keys, appointments and commands that are written and not committed. */
  beforeCommit: ({ failpoints }: Needs) => failpoints.whenArmed('api.before-commit'),

  /** Requests that are durable, decided or not, and whose clients do not know. */
  afterCommit: ({ failpoints }: Needs) => failpoints.reach('api.after-commit-before-reply'),
};
