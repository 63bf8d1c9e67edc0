import { confirmSagas } from './confirm-sagas.ts';
import { releaseReservation, reserveSlots } from './reserve-slots.ts';
import type { Saga } from './saga.ts';

/** What follows when the engine has given an appointment another time or resource. */
export const rescheduleSaga: Saga = {
  kind: 'reschedule',
  steps: [
    // The calendar agrees to the new time before anyone is told of it.
    { name: 'reserve', run: reserveSlots, compensate: releaseReservation },
    { name: 'confirm', run: confirmSagas },
  ],
};
