import { attemptCall, type Answer } from './calendar-attempt.ts';
import type { CalledSaga } from './called-saga.ts';
import type { StepOutcome } from './saga.ts';

/**
 * Reserves the slot in the calendar of the appointment's resource, or moves there what it has in
 * that calendar already. What is held where it should be is left alone.
 */
export async function reserve(saga: CalledSaga): Promise<StepOutcome> {
  const { access, appointment, reservations } = saga.work;
  const { resourceId, start, end, serviceType: summary } = appointment;
  if (access === null || resourceId === null) return { kind: 'done' };
  const known = reservations.find((row) => row.resource_id === resourceId);
  if (known?.state === 'held' && known.start_s === start && known.end_s === end) {
    return { kind: 'done' };
  }
  const mayBeThere = known !== undefined && known.state !== 'released';
  const result = await attemptCall(saga, {
    ...{ step: 'reserve', direction: 'run', effect: 'reserve', resourceId, access },
    call: async (calendar, key, signal): Promise<Answer> => {
      const wanted = { ...key, start, end, summary };
      const outcome = await (mayBeThere
        ? calendar.move(wanted, signal)
        : calendar.reserve(wanted, signal));
      return outcome.kind === 'reserved'
        ? { kind: 'agreed', reference: outcome.reference }
        : outcome;
    },
  });
  return result.kind === 'done' ? { kind: 'done' } : result;
}
