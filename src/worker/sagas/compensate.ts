import { changeSagaState } from '../../store/write/end-saga.ts';
import { crashPoints } from '../crash-points.ts';
import { ownerOf, type CalledSaga } from './called-saga.ts';
import { endSaga } from './end-saga.ts';
import type { RecordEnd, Saga, StepOutcome } from './saga.ts';
import { retryEndlessly } from './retry.ts';
import { sagaInHand } from './saga-in-hand.ts';
import { wait } from './wait.ts';

/** Turns a saga round: from here on it is taken back. `record` ends its last attempt with it. */
export async function takeBack(
  saga: CalledSaga,
  { definition, record }: { definition: Saga; record?: RecordEnd },
): Promise<StepOutcome> {
  const { dependencies, task, signal, work } = saga;
  const change = { ...task, saga_id: work.id, state: 'compensating', reason: 'deadline' } as const;
  const isOurs = await dependencies.hotDatabase.transaction(async (queries) => {
    if (record !== undefined && !(await record(queries))) return false;
    return changeSagaState(queries, ownerOf(saga), change);
  });
  if (!isOurs) return { kind: 'lost' };
  // Read anew: what may have happened is in the reservations, and nowhere else.
  const turned = await sagaInHand(dependencies, { row: task, signal });
  return turned === undefined ? { kind: 'lost' } : compensate(turned, definition);
}

/**
 * Takes back, in reverse, whatever may have happened; it never gives up. Then the region's owner
 * frees the slot and fails the booking, for the saga's reason.
 */
export async function compensate(saga: CalledSaga, definition: Saga): Promise<StepOutcome> {
  const { dependencies, work } = saga;
  const { kind } = definition;
  for (const step of definition.steps.toReversed()) {
    if (step.compensate === undefined) continue;
    await crashPoints.beforeCompensation(dependencies, { kind, step: step.name });
    const outcome = await step.compensate(saga);
    await crashPoints.afterCompensation(dependencies, { kind, step: step.name });
    if (outcome.kind === 'wait') return wait(saga, outcome);
    if (outcome.kind === 'lost') return outcome;
    if (outcome.kind === 'failed' || outcome.kind === 'refused') {
      return retryEndlessly(saga, outcome);
    }
  }
  const payload = { version: work.appointmentVersion, reason: work.reason ?? 'deadline' };
  const id = dependencies.random.uuidV7();
  const command = { id, operation: 'abandon' as const, payload };
  return endSaga(saga, { state: 'compensated', command });
}
