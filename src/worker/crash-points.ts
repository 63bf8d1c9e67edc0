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

  /** Leased tasks whose calls to a third party have not begun. */
  beforeCall: ({ failpoints }: Needs) => failpoints.reach('worker.before-call'),

  /** Calls that may or may not have had their effect. */
  duringCall: ({ failpoints }: Needs) => failpoints.reach('worker.during-call'),

  /** Effects at a third party of which the database does not know. */
  afterCall: ({ failpoints }: Needs) => failpoints.reach('worker.after-call-before-commit'),

  /** Tasks that are settled in the database and in hand here; nobody has been woken. */
  afterCommit: ({ failpoints }: Needs) => failpoints.reach('worker.after-commit-before-next'),

  /** Sagas that have come to the step: what went before it may not be in the journal. */
  beforeStep: ({ failpoints }: Needs, { kind, step }: StepName) =>
    failpoints.reach(`saga.${kind}.${step}.before`),

  /** A step that is done and not in the journal or, if it was the last, a saga that has ended. */
  afterStep: ({ failpoints }: Needs, { kind, step }: StepName) =>
    failpoints.reach(`saga.${kind}.${step}.after`),

  /** A notification marked as being sent, of which no server has heard. */
  beforeSend: ({ failpoints }: Needs) => failpoints.reach('notify.before-send'),

  /** A mail that the server has taken, of which the database does not know yet. */
  afterSend: ({ failpoints }: Needs) => failpoints.reach('notify.after-send-before-mark'),
};
