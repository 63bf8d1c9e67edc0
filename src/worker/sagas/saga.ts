import type { Queries } from '../../io/postgres.ts';
import type { BusyRange, CalledSaga } from './called-saga.ts';

/** Writes how an attempt ended; false where the task is another worker's by now. */
export type RecordEnd = (queries: Queries) => Promise<boolean>;

/**
 * What became of a step that may have called a calendar.
 *
 *   done:      so it is, and is written; what was done before is not done again
 *   ended:     the step's own transaction has ended the saga
 *   wait:      nobody was called, for no fault of the saga's: no attempt is spent
 *   failed:    an attempt is spent; `record` writes its end in the transaction of what follows
 *   refused:   as failed, and for good; what stands in the way there is in `busy`
 *   overtaken: the appointment has moved on
 *   lost:      the task is another worker's by now
 */
export type StepOutcome =
  | { kind: 'done' }
  | { kind: 'ended' }
  | { kind: 'wait'; untilMs: number; reason: string }
  | FailedAttempt
  | (Omit<FailedAttempt, 'kind'> & { kind: 'refused'; busy: BusyRange[] })
  | { kind: 'overtaken' }
  | { kind: 'lost' };

export interface FailedAttempt {
  kind: 'failed';
  /** A code of ours. */
  reason: string;
  /** Attempts at this step so far, this one included. */
  attempts: number;
  provider: string;
  record: RecordEnd;
}

export interface SagaStep {
  name: string;
  /** Makes it so, by one attempt at most in each calendar. */
  run(saga: CalledSaga): Promise<StepOutcome>;
  /** Takes back what may have happened; absent where nothing of it stays outside. */
  compensate?: (saga: CalledSaga) => Promise<StepOutcome>;
  /**
   * Absent where nobody is called. `bounded`: as often as the policy of the calendar's provider
   * allows and until the saga's deadline, then all is taken back, which is always `endless`: until
   * it is done, at the cap in the end, and an operator is told. Timeout, delays and breaker are
   * those of (provider, tenant).
   */
  retry?: 'bounded' | 'endless';
}

/** A saga as data: its steps in order. */
export interface Saga {
  kind: 'create' | 'reschedule' | 'reassign' | 'cancel';
  steps: readonly SagaStep[];
}
