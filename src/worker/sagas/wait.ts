import { parkTask } from '../../store/write/calendar-tasks.ts';
import { ownerOf, type CalledSaga } from './called-saga.ts';
import type { StepOutcome } from './saga.ts';

/** Gives the task back until there is a chance; no attempt is spent. */
export async function wait(
  saga: CalledSaga,
  { untilMs, reason }: StepOutcome & { kind: 'wait' },
): Promise<StepOutcome> {
  const { dependencies, task, work } = saga;
  const { hotDatabase, metrics } = dependencies;
  // Whatever it waits for, at its deadline it is taken back.
  const isBounded = work.state === 'running' && work.kind !== 'cancel';
  const until_ms = isBounded ? Math.min(untilMs, work.deadlineMs) : untilMs;
  await parkTask(hotDatabase, ownerOf(saga), { ...task, until_ms, reason });
  metrics.sagasParked.inc({ reason });
  return { kind: 'ended' };
}
