import { appointmentEvent } from '../../contract/appointment-event.ts';
import type { Appointment } from '../../domain/appointment.ts';
import type { ConfirmRow } from '../../store/write/confirm.ts';
import type { TaskRow } from '../../store/write/tasks.ts';
import type { WorkerDependencies } from '../dependencies.ts';

export interface Confirmable {
  task: TaskRow;
  sagaId: string;
  /** The version at which the saga began: what it confirms is this version or nothing. */
  appointmentVersion: number;
  appointment: Appointment;
  /** In the journal. */
  attempt: number;
}

/** The last step of a saga as a row, with the event that it publishes. */
export function confirmRow(
  { clock }: Pick<WorkerDependencies, 'clock'>,
  { task, sagaId, appointmentVersion, appointment, attempt }: Confirmable,
): ConfirmRow {
  const nowMs = clock.nowMs();
  const at = Math.max(Math.floor(nowMs / 1_000), appointment.updatedAt);
  const event = appointmentEvent(
    { ...appointment, version: appointmentVersion + 1, state: 'CONFIRMED', updatedAt: at },
    { name: 'confirmed', traceparent: task.traceparent },
  );
  return {
    tenant_id: task.tenant_id,
    task_id: task.task_id,
    attempts: task.attempts,
    saga_id: sagaId,
    appointment_id: appointment.id,
    appointment_version: appointmentVersion,
    at_s: at,
    event_type: event.type,
    event: event.bytes,
    shard: event.shard,
    request_id: task.request_id,
    command_id: task.command_id,
    traceparent: task.traceparent,
    attempt,
    at_ms: nowMs,
  };
}
