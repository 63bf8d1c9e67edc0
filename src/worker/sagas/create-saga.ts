import { confirm } from './confirm.ts';
import { releaseAll } from './release.ts';
import { reserve } from './reserve.ts';
import type { Saga } from './saga.ts';

/** What follows when the engine has given a new appointment its slot. */
export const createSaga: Saga = {
  kind: 'create',
  steps: [
    // The resource's calendar agrees to the time; without a calendar there is nothing to ask.
    { name: 'reserve', run: reserve, compensate: releaseAll, retry: 'bounded' },
    // SCHEDULED becomes CONFIRMED, which everyone hears of.
    { name: 'confirm', run: confirm },
  ],
};
