import type { DecidedCommand } from './decision.ts';
import type { StartedSaga } from './dependencies.ts';

/** The saga that a decision has begun, as a claim of its task would have read it. */
export function startedSaga(
  { command, transitions }: DecidedCommand,
  { tasks, deadlineS }: { tasks: ReadonlyMap<string, number>; deadlineS: number },
): StartedSaga {
  const [step] = transitions;
  const taskId = tasks.get(step?.saga?.id ?? '');
  if (step?.saga === undefined || taskId === undefined) {
    throw new Error(`command ${command.id} has begun no saga`);
  }
  const { after, saga } = step;
  return {
    task: {
      tenant_id: command.tenantId,
      task_id: taskId,
      lane: 'saga',
      kind: saga.kind,
      appointment_id: after.id,
      saga_id: saga.id,
      payload: null,
      attempts: 1,
      last_delay_ms: 0,
      deadline_s: deadlineS,
      actor: command.trace.actor,
      request_id: command.trace.requestId,
      command_id: command.id,
      traceparent: command.trace.traceparent,
    },
    work: {
      sagaId: saga.id,
      appointmentVersion: after.version,
      step: saga.step,
      finished: false,
      appointment: after,
    },
  };
}
