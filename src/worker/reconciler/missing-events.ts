import { appointmentEvent, type EventContext } from '../../contract/appointment-event.ts';
import type { Appointment } from '../../domain/appointment.ts';
import type { EventName } from '../../domain/appointment-state.ts';
import type { MissingEventRow, TrailRow } from '../../store/write/repair-events.ts';

const names: Readonly<Record<string, EventName>> = {
  create: 'accepted',
  schedule: 'scheduled',
  refuse: 'failed',
  compensate: 'failed',
  confirm: 'confirmed',
  update: 'updated',
  reschedule: 'rescheduled',
  reassign: 'reassigned',
  cancel: 'cancelled',
  start: 'started',
  complete: 'completed',
  fail: 'failed',
};

/**
 * The events that the latest versions of an appointment lack, in order of version: those behind
 * the last version that has one. The same bytes come out as were lost, for the latest version to
 * the letter; of an earlier one it is not known whether another location was in the catalogue.
 * Undefined where the history does not tell them.
 */
export function missingEvents(
  appointment: Appointment,
  trail: readonly TrailRow[],
): MissingEventRow[] | undefined {
  const rows: MissingEventRow[] = [];
  for (const [index, row] of trail.entries()) {
    // Behind a row that is missing nothing can be told any more.
    if (row.version !== appointment.version - index || row.has_event) break;
    const event = eventOf(appointment, row, trail[index + 1]);
    if (event === undefined) break;
    rows.unshift(event);
  }
  return rows.length === 0 ? undefined : rows;
}

function eventOf(
  latest: Appointment,
  row: TrailRow,
  before: TrailRow | undefined,
): MissingEventRow | undefined {
  const name = names[row.cause];
  if (name === undefined) return undefined;
  const context: EventContext = { name, traceparent: row.traceparent };
  const { region, position } = row;
  if (region !== null && position !== null) context.hold = { region, position };
  if (name === 'rescheduled' || name === 'reassigned') {
    if (before?.version !== row.version - 1) return undefined;
    const { start_s: start, end_s: end, resource_id: resourceId } = before;
    context.previous = { start, end, resourceId };
  }
  const { type, shard, bytes } = appointmentEvent(asOf(row, latest), context);
  const { version, actor, request_id, command_id, traceparent } = row;
  return {
    ...{
      tenant_id: latest.tenantId,
      appointment_id: latest.id,
      version,
      shard,
      type,
      event: bytes,
    },
    ...{ actor, request_id, command_id, traceparent },
  };
}

function asOf(row: TrailRow, latest: Appointment): Appointment {
  if (row.version === latest.version) return latest;
  return {
    ...latest,
    version: row.version,
    state: row.to_state,
    start: row.start_s,
    end: row.end_s,
    location: row.location,
    locationKnown: latest.locationKnown && row.location === latest.location,
    resourceId: row.resource_id,
    reason: row.reason,
    updatedAt: row.at_s,
  };
}
