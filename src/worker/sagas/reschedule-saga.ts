import { confirm } from './confirm.ts';
import { releaseAll } from './release.ts';
import { releaseFormer } from './release-former.ts';
import { reserve } from './reserve.ts';
import type { Saga } from './saga.ts';

/** What follows when the engine has given an appointment another time or resource. */
export const rescheduleSaga: Saga = {
  kind: 'reschedule',
  steps: [
    // The calendar agrees to the new time before anyone is told of it. In the same calendar the
    // reservation is moved; in another one it is made anew, and the old one stays meanwhile.
    { name: 'reserve', run: reserve, compensate: releaseAll, retry: 'bounded' },
    // What it has in other calendars. What cannot be had at once is left to a saga of its own: a
    // former calendar that is down must not keep a booking from being confirmed.
    { name: 'release-former', run: releaseFormer, retry: 'endless' },
    { name: 'confirm', run: confirm },
  ],
};
