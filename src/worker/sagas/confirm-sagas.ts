import { appointmentEvent } from '../../contract/appointment-event.ts';
import { isTransient } from '../../io/postgres.ts';
import {
  confirmAppointments,
  type Confirmation,
  type ConfirmRow,
} from '../../store/write/confirm.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { isNobodysFault } from '../nobodys-fault.ts';
import type { SagaInHand, StepOutcome } from './saga.ts';

const quickRetries = 3;

/**
 * Confirms a batch in one statement. Where it fails for the data of one row, the rows are run one
 * by one, so that a bad one fails alone.
 */
export async function confirmSagas(
  dependencies: WorkerDependencies,
  sagas: readonly SagaInHand[],
): Promise<StepOutcome[]> {
  const rows = sagas.map((saga) => confirmRow(dependencies, saga));
  // Locks are taken in this order; the fewer orders there are, the fewer deadlocks.
  const ordered = [...rows].sort((a, b) => (a.appointment_id < b.appointment_id ? -1 : 1));
  try {
    const confirmations = await commit(dependencies, ordered);
    const byTask = new Map(
      confirmations.map((confirmation) => [confirmation.task_id, confirmation]),
    );
    return rows.map((row) => outcomeOf(byTask.get(row.task_id)));
  } catch (error) {
    if (isNobodysFault(error)) throw error;
    if (rows.length === 1) return [{ kind: 'failed', reason: messageOf(error), permanent: false }];
  }
  const outcomes: StepOutcome[] = [];
  for (const saga of sagas) outcomes.push(...(await confirmSagas(dependencies, [saga])));
  return outcomes;
}

async function commit(
  { hotDatabase, epoch, identity }: WorkerDependencies,
  rows: readonly ConfirmRow[],
): Promise<Confirmation[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const owner = { epoch: epoch.current(), processId: identity.processId };
      return await confirmAppointments(hotDatabase, owner, rows);
    } catch (error) {
      if (attempt > quickRetries || !isTransient(error)) throw error;
    }
  }
}

function confirmRow(
  { clock }: WorkerDependencies,
  { task, work, journal }: SagaInHand,
): ConfirmRow {
  const { appointment } = work;
  const nowMs = clock.nowMs();
  const at = Math.max(Math.floor(nowMs / 1_000), appointment.updatedAt);
  const event = appointmentEvent(
    { ...appointment, version: work.appointmentVersion + 1, state: 'CONFIRMED', updatedAt: at },
    { name: 'confirmed', traceparent: task.traceparent },
  );
  const confirm = { step: 'confirm', startedMs: nowMs, finishedMs: nowMs, externalReference: null };
  return {
    tenant_id: task.tenant_id,
    task_id: task.task_id,
    attempts: task.attempts,
    saga_id: work.sagaId,
    appointment_id: appointment.id,
    appointment_version: work.appointmentVersion,
    at_s: at,
    event_type: event.type,
    event: event.bytes,
    shard: event.shard,
    request_id: task.request_id,
    command_id: task.command_id,
    traceparent: task.traceparent,
    steps: [...journal, confirm].map((record) => ({
      step: record.step,
      started_ms: record.startedMs,
      finished_ms: record.finishedMs,
      external_reference: record.externalReference,
    })),
  };
}

function outcomeOf(confirmation: Confirmation | undefined): StepOutcome {
  if (confirmation === undefined) return { kind: 'lost' };
  return { kind: 'committed', confirmed: confirmation.confirmed };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
