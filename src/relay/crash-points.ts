import type { Clock } from '../io/clock.ts';
import type { Failpoints } from '../io/failpoints.ts';

interface Needs {
  failpoints: Failpoints;
}

/** Where the relay can be made to die, with what is held at that moment. */
export const crashPoints = {
  /** The lowest events of our shards, read and not sent. */
  afterRead: ({ failpoints }: Needs) => failpoints.reach('relay.after-read'),

  /** Events on their way to the bus, which has not said yet that it has them. */
  afterPublish: async ({ failpoints, clock }: Needs & { clock: Clock }): Promise<void> => {
    const point = failpoints.whenArmed('relay.after-publish-before-confirm');
    // What was written leaves with the next turn of the event loop.
    if (point !== undefined) await clock.sleep(1).then(point);
  },

  /** Events that the bus has, and the outbox still has too. */
  afterConfirm: ({ failpoints }: Needs) => failpoints.reach('relay.after-confirm-before-delete'),

  /** Events gone from the outbox and in the event log, uncommitted, their shards locked. */
  partialDelete: ({ failpoints }: Needs) => failpoints.whenArmed('relay.partial-delete'),

  /** Links of the audit and the cursors behind them, uncommitted, their shards' chains locked. */
  beforeAuditCommit: ({ failpoints }: Needs) => failpoints.reach('relay.audit-before-commit'),

  /** Links committed, and nothing held: the next turn goes on behind them. */
  afterAuditCommit: ({ failpoints }: Needs) => failpoints.reach('relay.audit-after-commit'),
};
