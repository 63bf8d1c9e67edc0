import { FIRST_INSTANT, LAST_INSTANT } from '../../domain/slot.ts';
import type { BusyRange, CalledSaga } from './called-saga.ts';
import { endSaga } from './end-saga.ts';
import type { StepOutcome } from './saga.ts';

const maxBusyRanges = 20;

/** Asks the region's owner for another resource: this one's calendar will not have the booking. */
export async function replan(
  saga: CalledSaga,
  { record, busy }: StepOutcome & { kind: 'refused' },
): Promise<StepOutcome> {
  const { dependencies, work } = saga;
  const { random, hotDatabase } = dependencies;
  const resourceId = work.appointment.resourceId ?? '';
  const payload = {
    ...{ version: work.appointmentVersion, resourceId },
    excluded: [...new Set([...work.refusedBy, resourceId])],
    busy: busy
      .filter(isStorable)
      .slice(0, maxBusyRanges)
      .map(({ start, end }) => ({
        ...{ id: random.uuidV7(), start, end },
      })),
  };
  const command = { id: random.uuidV7(), operation: 'replan' as const, payload };
  return hotDatabase.transaction(async (queries) => {
    if (!(await record(queries))) return { kind: 'lost' };
    return endSaga(saga, { state: 'refused', command, queries });
  });
}

// A calendar's answer is anybody's text, and must not make a command that cannot be committed.
function isStorable({ start, end }: BusyRange): boolean {
  return Number.isInteger(start) && start < end && start >= FIRST_INSTANT && end <= LAST_INSTANT;
}
