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

async function reserve({ calendar }: WorkerDependencies, saga: SagaInHand): Promise<StepOutcome> {
  const outcome = await calendar.reserve(reservation(saga), saga.signal).catch(() => undefined);
  if (outcome === undefined) return { kind: 'failed', reason: 'calendar', permanent: false };
  if (outcome.kind === 'refused') {
    return { kind: 'failed', reason: 'calendar-refused', permanent: true };
  }
  return { kind: 'succeeded', externalReference: outcome.reference };
}

export async function releaseReservation(
  { calendar }: WorkerDependencies,
  saga: SagaInHand,
): Promise<void> {
  await calendar.release(reservation(saga), saga.signal);
}

function reservation({ work }: SagaInHand): Reservation {
  const { tenantId, resourceId, start, end } = work.appointment;
  return { id: `${work.sagaId}:reserve`, tenantId, resourceId: resourceId ?? '', start, end };
}
