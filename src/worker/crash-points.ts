import type { Failpoints } from '../io/failpoints.ts';

interface Needs {
  failpoints: Failpoints;
}

interface StepName {
  kind: string;
  step: string;
}

/** Where the worker can be made to die, with what is held at that moment. */
export const crashPoints = {
  /** Tasks leased to this process, claimed or handed over, of which nothing is done. */
  afterClaim: ({ failpoints }: Needs) => failpoints.reach('worker.after-claim'),

  /** A task leased to this process that may call a calendar, of which nothing is done. */
  afterClaimToCall: ({ failpoints }: Needs) => failpoints.reach('worker.after-claim-to-call'),

  /** A call that breaker and bulkhead let through, of which nothing is written. */
  beforeIntent: ({ failpoints }: Needs) => failpoints.reach('worker.before-intent'),

  /** Leased tasks whose calls to a third party have not begun. */
  beforeCall: ({ failpoints }: Needs) => failpoints.reach('worker.before-call'),

  /** Calls that may or may not have had their effect. */
  duringCall: ({ failpoints }: Needs) => failpoints.reach('worker.during-call'),

  /** Effects at a third party of which the database does not know. */
  afterCall: ({ failpoints }: Needs) => failpoints.reach('worker.after-call-before-commit'),

  /** Tasks that are settled in the database and in hand here; nobody has been woken. */
  afterCommit: ({ failpoints }: Needs) => failpoints.reach('worker.after-commit-before-next'),

  /** Sagas that have come to the step: what went before it is in the journal. */
  beforeStep: ({ failpoints }: Needs, { kind, step }: StepName) =>
    failpoints.reach(`saga.${kind}.${step}.before`),

  /** A step that was tried, its outcome perhaps unwritten; if it was the last, an ended saga. */
  afterStep: ({ failpoints }: Needs, { kind, step }: StepName) =>
    failpoints.reach(`saga.${kind}.${step}.after`),

  /** Sagas that are taken back and have come to this step: nothing of it is. */
  beforeCompensation: ({ failpoints }: Needs, { kind, step }: StepName) =>
    failpoints.reach(`saga.${kind}.${step}.compensate.before`),

  /** What the step may have done is taken back, if all went well; its saga is not ended. */
  afterCompensation: ({ failpoints }: Needs, { kind, step }: StepName) =>
    failpoints.reach(`saga.${kind}.${step}.compensate.after`),

  /** A notification marked as being sent, of which no server has heard. */
  beforeSend: ({ failpoints }: Needs) => failpoints.reach('notify.before-send'),

  /** A mail that the server has taken, of which the database does not know yet. */
  afterSend: ({ failpoints }: Needs) => failpoints.reach('notify.after-send-before-mark'),
};
