import { rescheduleSaga } from './reschedule-saga.ts';
import type { Saga } from './saga.ts';

/** What follows when the engine has given a booking to another resource: as for a new time. */
export const reassignSaga: Saga = { ...rescheduleSaga, kind: 'reassign' };
