import { startClearing } from '../../store/write/clearing-saga.ts';
import { confirmAppointments } from '../../store/write/confirm.ts';
import { ownerOf, type CalledSaga } from './called-saga.ts';
import { confirmRow } from './confirm-row.ts';
import { endSaga } from './end-saga.ts';
import type { StepOutcome } from './saga.ts';

/**
 * Confirms the appointment and ends the saga. What is left behind in other calendars gets a saga of
 * its own in the same transaction. Where the appointment is CONFIRMED already, only its reservation
 * had been missing.
 */
export async function confirm(saga: CalledSaga): Promise<StepOutcome> {
  const { dependencies, task, work, leftBehind } = saga;
  const { hotDatabase, metrics } = dependencies;
  if (work.appointment.state === 'CONFIRMED') return endSaga(saga, { state: 'done' });
  const row = confirmRow(dependencies, { task, ...work, sagaId: work.id, attempt: 1 });
  const confirmed = await hotDatabase.transaction(async (queries) => {
    const [confirmation] = await confirmAppointments(queries, ownerOf(saga), [row]);
    if (confirmation?.confirmed === true && leftBehind) {
      await startClearing(queries, ownerOf(saga).epoch, clearingOf(saga));
    }
    return confirmation?.confirmed;
  });
  if (confirmed === undefined) return { kind: 'lost' };
  metrics.sagasEnded.inc({ kind: work.kind, outcome: confirmed ? 'done' : 'superseded' });
  dependencies.onCommitted?.();
  return { kind: 'ended' };
}

function clearingOf({ dependencies, task, work }: CalledSaga): Parameters<typeof startClearing>[2] {
  const { random, config } = dependencies;
  return {
    ...{ tenant_id: task.tenant_id, appointment_id: work.appointment.id },
    ...{ saga_id: random.uuidV7(), deadlineSeconds: config.sagaDeadlineSeconds },
    ...{ actor: task.actor, request_id: task.request_id, traceparent: task.traceparent },
  };
}
