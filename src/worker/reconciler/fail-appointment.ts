import { appointmentEvent } from '../../contract/appointment-event.ts';
import type { Appointment } from '../../domain/appointment.ts';
import type { Queries } from '../../io/postgres.ts';
import { compensateAppointment, type Compensation } from '../../store/write/repair-appointments.ts';
import type { WorkerDependencies } from '../dependencies.ts';

export interface Ending {
  reason: string;
  proof?: Appointment['proof'];
  cause: Compensation['cause'];
  hold?: Compensation['hold'];
  /** Whose command it ends; absent where nobody asked. */
  command?: Pick<Compensation, 'actor' | 'request_id' | 'command_id' | 'traceparent'>;
}

/** Fails a locked appointment that can be kept no longer; the event tells its customer. */
export async function failAppointment(
  { dependencies, queries }: { dependencies: WorkerDependencies; queries: Queries },
  before: Appointment,
  { reason, proof = null, cause, hold, command }: Ending,
): Promise<'appointment-failed' | undefined> {
  const { clock, epoch } = dependencies;
  const after: Appointment = {
    ...before,
    ...{ version: before.version + 1, state: 'FAILED', reason, proof },
    updatedAt: Math.max(before.updatedAt, clock.nowSeconds()),
  };
  const traceparent = command?.traceparent ?? null;
  const failed = await compensateAppointment(queries, epoch.current(), {
    ...{ after, fromState: before.state, cause, hold },
    event: appointmentEvent(after, { name: 'failed', traceparent, ...(hold && { hold }) }),
    ...{ actor: 'worker', request_id: null, command_id: null, traceparent },
    ...command,
  });
  return failed ? 'appointment-failed' : undefined;
}
