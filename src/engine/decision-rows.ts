import { appointmentEvent } from '../contract/appointment-event.ts';
import type { DecidedCommandRow, TransitionRow } from '../store/write/decide.ts';
import type { DecidedCommand, HoldChange, Transition } from './decision.ts';

/** The rows that one decision becomes. */
export function decisionRows(
  region: string,
  decided: DecidedCommand,
): { transitions: TransitionRow[]; command: DecidedCommandRow } {
  const { command, state, handedOn, problem, position, seed, transitions } = decided;
  return {
    transitions: transitions.map((transition) => transitionRow(region, decided, transition)),
    command: {
      command_id: command.id,
      state: state === 'handed-on' ? 'pending' : state,
      next_region: handedOn?.region ?? null,
      payload: handedOn?.payload ?? null,
      problem: problem ?? null,
      result: null,
      position,
      seed,
    },
  };
}

function transitionRow(
  region: string,
  { command, position }: DecidedCommand,
  { before, after, cause, event, hold, saga, previous }: Transition,
): TransitionRow {
  const { trace } = command;
  const outgoing = appointmentEvent(after, {
    name: event,
    traceparent: trace.traceparent,
    ...(hold && { hold: { region, position } }),
    ...(previous && { previous }),
  });
  return {
    appointment_id: after.id,
    version: after.version,
    from_state: before.state,
    to_state: after.state,
    cause,
    reason: after.reason,
    proof: after.proof,
    start_s: after.start,
    end_s: after.end,
    location: after.location,
    location_known: after.locationKnown,
    resource_id: after.resourceId,
    metadata: after.metadata,
    ...holdColumns(hold),
    service_type: after.serviceType,
    position,
    at_s: after.updatedAt,
    event_type: outgoing.type,
    event: outgoing.bytes,
    shard: outgoing.shard,
    command_id: command.id,
    actor: trace.actor,
    request_id: trace.requestId,
    traceparent: trace.traceparent,
    saga_id: saga?.id ?? null,
    saga_kind: saga?.kind ?? null,
    saga_step: saga?.step ?? null,
    saga_lane: saga?.lane ?? null,
  };
}

type HoldColumns = Pick<
  TransitionRow,
  | 'changes_hold'
  | 'lane_id'
  | 'busy_start_s'
  | 'busy_end_s'
  | 'buffer_before_seconds'
  | 'buffer_after_seconds'
  | 'pin'
  | 'moves'
>;

function holdColumns(change: HoldChange | undefined): HoldColumns {
  const taken = change?.taken;
  return {
    changes_hold: change !== undefined,
    lane_id: taken?.laneId ?? null,
    busy_start_s: taken ? taken.start - taken.bufferBefore : null,
    busy_end_s: taken ? taken.end + taken.bufferAfter : null,
    buffer_before_seconds: taken?.bufferBefore ?? 0,
    buffer_after_seconds: taken?.bufferAfter ?? 0,
    pin: taken?.pin ?? 'movable',
    moves: taken?.moves ?? 0,
  };
}
