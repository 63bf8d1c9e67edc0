import type { Queries } from '../../io/postgres.ts';
import { endSagaWith, type EndedSaga } from '../../store/write/end-saga.ts';
import { ownerOf, type CalledSaga } from './called-saga.ts';
import type { StepOutcome } from './saga.ts';

export interface Ending {
  state: EndedSaga['state'];
  command?: EndedSaga['command'];
  /** Inside the caller's transaction. */
  queries?: Queries;
}

/** Ends a saga and its task, with what the region's owner is asked because of it. */
export async function endSaga(
  saga: CalledSaga,
  { state, command, queries = saga.dependencies.hotDatabase }: Ending,
): Promise<StepOutcome> {
  const { task, work, dependencies } = saga;
  const ended = await endSagaWith(queries, ownerOf(saga), {
    ...{ tenant_id: task.tenant_id, task_id: task.task_id, attempts: task.attempts },
    ...{ saga_id: work.id, appointment_id: work.appointment.id, state },
    ...{ request_id: task.request_id, traceparent: task.traceparent },
    ...(command && { command }),
  });
  if (!ended) return { kind: 'lost' };
  dependencies.metrics.sagasEnded.inc({ kind: work.kind, outcome: state });
  return { kind: 'ended' };
}
