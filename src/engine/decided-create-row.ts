import type { CreateRow } from '../store/write/accept-creates.ts';
import type { DecidedCreateRow } from '../store/write/accept-decided.ts';
import type { DecidedCommandRow, TransitionRow } from '../store/write/decide.ts';

/** A create request and its decision as one row. */
export function decidedCreateRow(
  row: CreateRow,
  { step, command }: { step: TransitionRow; command: DecidedCommandRow },
): DecidedCreateRow {
  const { to_state } = step;
  if (to_state !== 'SCHEDULED' && to_state !== 'FAILED') {
    throw new Error(`command ${row.command_id} leads to ${to_state}`);
  }
  return {
    key: row.key,
    content_hash: `\\x${row.content_hash}`,
    command_id: row.command_id,
    appointment_id: row.appointment_id,
    actor: row.actor,
    request_id: row.request_id ?? undefined,
    traceparent: row.traceparent ?? undefined,
    customer_id: row.customer_id,
    start_s: row.start_s,
    end_s: row.end_s,
    service_type: row.service_type,
    location: row.location ?? undefined,
    location_known: row.location_known,
    requested_resource_id: row.requested_resource_id ?? undefined,
    metadata: row.metadata ?? undefined,
    created_s: row.created_s,
    event: row.event,
    to_state,
    reason: step.reason ?? undefined,
    proof: step.proof ?? undefined,
    problem: command.problem ?? undefined,
    resource_id: step.resource_id ?? undefined,
    lane_id: step.lane_id ?? undefined,
    buffer_before_seconds: step.buffer_before_seconds,
    buffer_after_seconds: step.buffer_after_seconds,
    pin: step.pin,
    position: step.position,
    seed: command.seed,
    decided_event: step.event,
    saga_id: step.saga_id ?? undefined,
    calls: step.saga_lane === 'calendar' || undefined,
  };
}
