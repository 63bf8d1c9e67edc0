import type { BusEvent } from '../io/bus/bus.ts';

/**
 * What of the rows read may be in flight together: everything where the bus keeps runs of one
 * appointment whole, else the first event of each appointment.
 */
export function nextBatch(events: readonly BusEvent[], takesRuns: boolean): BusEvent[] {
  if (takesRuns) return [...events];
  const seen = new Set<string>();
  return events.filter(({ tenantId, appointmentId }) => {
    const appointment = `${tenantId}/${appointmentId}`;
    if (seen.has(appointment)) return false;
    seen.add(appointment);
    return true;
  });
}
