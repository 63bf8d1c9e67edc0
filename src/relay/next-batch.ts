import type { BusEvent } from '../io/bus/bus.ts';

/**
 * What of the rows read may be published together: everything where the bus takes runs of one
 * appointment, else the first event of each. Confirms that are pipelined reorder (version 1
 * refused, version 2 taken), and consumers rely on finding a version in the log before the next
 * one is sent.
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
