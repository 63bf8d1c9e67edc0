import type { ReservationRow } from '../../store/read/calendar-saga.ts';
import { attemptCall, type AttemptResult } from './calendar-attempt.ts';
import { lateEffectMs, needsRelease, type CalledSaga } from './called-saga.ts';
import type { StepOutcome } from './saga.ts';

interface ReleaseOf {
  step: string;
  direction: 'run' | 'compensate';
  row: ReservationRow;
}

// Clocks of worker and database differ a little.
const spareMs = 250;

/**
 * Releases whatever the appointment may have in any calendar and does not hold there. Where an
 * attempt to reserve may land after its release, it is released again when that has become
 * impossible, and only then is it done.
 */
export async function releaseAll(saga: CalledSaga): Promise<StepOutcome> {
  const { kind, reservations } = saga.work;
  const name =
    kind === 'cancel'
      ? ({ step: 'release', direction: 'run' } as const)
      : ({ step: 'reserve', direction: 'compensate' } as const);
  for (const row of reservations) {
    while (needsRelease(row)) {
      const result = await releaseOne(saga, { ...name, row });
      // The appointment is there by now: what stands in that calendar is a later saga's.
      if (result.kind === 'overtaken') break;
      if (result.kind !== 'done') return result;
    }
  }
  return { kind: 'done' };
}

/** One verified release, or the time to wait until it is the last word. */
export async function releaseOne(
  saga: CalledSaga,
  { step, direction, row }: ReleaseOf,
): Promise<AttemptResult> {
  const { resource_id: resourceId, access, state, ambiguous_ms } = row;
  const provider = access?.kind ?? 'none';
  if (state === 'released' && ambiguous_ms !== null) {
    const untilMs = ambiguous_ms + lateEffectMs(saga, provider) + spareMs;
    const early = saga.dependencies.clock.nowMs() < untilMs;
    if (early) return { kind: 'wait', untilMs, reason: 'late-effects' };
  }
  const result = await attemptCall(saga, {
    ...{ step, direction, effect: 'release', resourceId, access },
    call: async (calendar, key, signal) => {
      await calendar.release(key, signal);
      return { kind: 'agreed', reference: null };
    },
  });
  if (result.kind !== 'done') return result;
  row.state = 'released';
  row.ambiguous_ms = result.doubtfulMs;
  return result;
}
