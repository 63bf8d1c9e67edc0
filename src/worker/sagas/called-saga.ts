import type { CalendarSaga, ReservationRow } from '../../store/read/calendar-saga.ts';
import type { TaskOwner, TaskRow } from '../../store/write/tasks.ts';
import type { WorkerDependencies } from '../dependencies.ts';

/** A saga in the lane that calls calendars, in one worker's hand. */
export interface CalledSaga {
  dependencies: WorkerDependencies;
  task: TaskRow;
  /** Aborted once the task is no longer ours. */
  signal: AbortSignal;
  /** As it was read, and what has been done since. */
  work: CalendarSaga;
  /** Something stands in another resource's calendar that could not be released at once. */
  leftBehind: boolean;
}

export interface BusyRange {
  start: number;
  end: number;
}

export function ownerOf({ dependencies: { epoch, identity } }: CalledSaga): TaskOwner {
  return { epoch: epoch.current(), processId: identity.processId };
}

/**
 * How long after it was given up a call may still have its effect, with something to spare: twice
 * the longest that any is waited for.
 */
export function lateEffectMs({ dependencies: { calls } }: CalledSaga, provider: string): number {
  return 2 * calls.policyOf(provider).timeoutMs + 1_000;
}

/** Whether it may stand in a calendar, or may yet come to stand there. */
export function needsRelease({ state, ambiguous_ms }: ReservationRow): boolean {
  return state !== 'released' || ambiguous_ms !== null;
}

/** The appointment is not as the saga began with it, or another worker has changed it since. */
export function isOvertaken({
  work: { kind, appointment, appointmentVersion },
}: CalledSaga): boolean {
  if (kind === 'cancel') return false;
  const { state, version } = appointment;
  return version !== appointmentVersion || (state !== 'SCHEDULED' && state !== 'CONFIRMED');
}
