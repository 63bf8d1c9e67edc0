import { confirmSagas } from './confirm-sagas.ts';
import { releaseReservation, reserveSlots } from './reserve-slots.ts';
import type { Saga } from './saga.ts';

/** What follows when the engine has given a new appointment its slot. */
export const createSaga: Saga = {
  kind: 'create',
  steps: [
    // The resource's calendar agrees to the time; without a calendar there is nothing to ask.
    { name: 'reserve', run: reserveSlots, compensate: releaseReservation },
    // SCHEDULED becomes CONFIRMED, which everyone hears of.
    { name: 'confirm', run: confirmSagas },
  ],
};
