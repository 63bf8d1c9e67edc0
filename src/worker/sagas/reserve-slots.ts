import type { Reservation } from '../../io/calendar/calendar.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { thirdPartyCall } from '../third-party-call.ts';
import type { SagaInHand, StepOutcome } from './saga.ts';

/** Reserves each appointment's slot in its resource's calendar. */
export function reserveSlots(
  dependencies: WorkerDependencies,
  sagas: readonly SagaInHand[],
): Promise<StepOutcome[]> {
  return thirdPartyCall(dependencies, () =>
    Promise.all(sagas.map((saga) => reserve(dependencies, saga))),
  );
}

async function reserve({ calendars }: WorkerDependencies, saga: SagaInHand): Promise<StepOutcome> {
  const calendar = calendars.of(null);
  const outcome = await calendar.reserve(reservation(saga), saga.signal).catch(() => undefined);
  if (outcome === undefined) return { kind: 'failed', reason: 'calendar', permanent: false };
  if (outcome.kind === 'refused') {
    return { kind: 'failed', reason: 'calendar-refused', permanent: true };
  }
  return { kind: 'succeeded', externalReference: outcome.reference };
}

export async function releaseReservation(
  { calendars }: WorkerDependencies,
  saga: SagaInHand,
): Promise<void> {
  await calendars.of(null).release(reservation(saga), saga.signal);
}

function reservation({ work }: SagaInHand): Reservation {
  const { tenantId: tag, start, end } = work.appointment;
  return { id: `${work.sagaId}:reserve`, tag, start, end, summary: 'Appointment' };
}
