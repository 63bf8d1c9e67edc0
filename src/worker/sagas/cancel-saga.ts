import { releaseAll } from './release.ts';
import type { Saga } from './saga.ts';

/** What follows when an appointment has ended, or has left something behind in a calendar. */
export const cancelSaga: Saga = {
  kind: 'cancel',
  steps: [
    // Verified, and once more where an earlier attempt to reserve may still have its effect.
    { name: 'release', run: releaseAll, retry: 'endless' },
  ],
};
