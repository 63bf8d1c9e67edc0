import { needsRelease, type CalledSaga } from './called-saga.ts';
import { releaseOne } from './release.ts';
import type { StepOutcome } from './saga.ts';

/** Releases what the appointment has in other resources' calendars, as far as that goes at once. */
export async function releaseFormer(saga: CalledSaga): Promise<StepOutcome> {
  const { appointment, reservations } = saga.work;
  const { hotDatabase } = saga.dependencies;
  for (const row of reservations) {
    if (row.resource_id === appointment.resourceId || !needsRelease(row)) continue;
    const result = await releaseOne(saga, { step: 'release-former', direction: 'run', row });
    if (result.kind === 'lost') return result;
    if (result.kind === 'failed' || result.kind === 'refused') {
      if (!(await result.record(hotDatabase))) return { kind: 'lost' };
    }
    if (needsRelease(row)) saga.leftBehind = true;
  }
  return { kind: 'done' };
}
