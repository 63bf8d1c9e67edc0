import type { AppointmentState } from '../../domain/appointment-state.ts';
import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

/** One step of one appointment, with all that leaves the transaction together with it. */
export interface TransitionRow {
  appointment_id: string;
  /** The version after the step; the row must still be at the one before, in `from_state`. */
  version: number;
  from_state: AppointmentState;
  to_state: AppointmentState;
  cause: string;
  reason: string | null;
  proof: string | null;
  start_s: number;
  end_s: number;
  location: string | null;
  location_known: boolean;
  resource_id: string | null;
  metadata: string | null;
  /** Whether the hold changes; `lane_id` null then frees it. */
  changes_hold: boolean;
  lane_id: number | null;
  busy_start_s: number | null;
  busy_end_s: number | null;
  buffer_before_seconds: number;
  buffer_after_seconds: number;
  service_type: string;
  pin: string;
  moves: number;
  position: number;
  at_s: number;
  event_type: string;
  event: string;
  shard: number;
  command_id: string;
  actor: string;
  request_id: string | null;
  traceparent: string | null;
  /** The saga that this step starts, if any. */
  saga_id: string | null;
  saga_kind: string | null;
  saga_step: string | null;
  saga_lane: 'saga' | 'calendar' | null;
}

export interface DecidedCommandRow {
  command_id: string;
  /** `pending`: it is handed on to `next_region`, and keeps `payload` for it. */
  state: 'applied' | 'refused' | 'pending';
  next_region: string | null;
  payload: unknown;
  problem: unknown;
  result: unknown;
  position: number;
  seed: number;
}

export interface DecideBatch {
  epoch: number;
  tenantId: string;
  region: string;
  /** The owner's fencing token. */
  token: number;
  /** The region's position before and after the batch. */
  lastPosition: number;
  newPosition: number;
  /** The region's version of the catalogue that the decisions were made by. */
  catalogueVersion: number;
  /** Regions where the batch frees holds: their owners must load again. */
  otherRegions: readonly string[];
  /** The clock that the decisions were made with, epoch seconds. */
  decidedNow: number;
  sagaDeadlineSeconds: number;
  transitions: readonly TransitionRow[];
  commands: readonly DecidedCommandRow[];
}

// Raised inside the statement, so that a batch planned on what is no longer true leaves nothing.
export const fenceLostState = 'SW002';
export const staleDecisionState = 'SW003';

// Rows are joined by the tenant of the fence's row, not by $2: a constant would let the planner
// scan the whole tenant by an index that begins with it, which looks cheap while a table is small.
// For the same reason the decisions are filtered by a condition that all of them meet: few rows are
// expected of it, so that commands are looked up for them and not they for all commands.
// A command that is handed on stays undecided, in its next region.
// History names the hold that each version leaves in place: the new one, or the one that is kept.
const decideBatch = statement<{ ok: boolean }>(
  'decide_batch',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  fence AS MATERIALIZED (
    UPDATE regions r SET last_position = $6 FROM epoch
    WHERE r.tenant_id = $2 AND r.region = $3 AND r.token = $4 AND r.last_position = $5
      AND r.catalogue_version = $11
    RETURNING r.tenant_id),
  others AS (
    UPDATE regions SET last_position = last_position + 1
    WHERE tenant_id = $2 AND region = ANY($12::text[]) AND region <> $3
      AND cardinality($12::text[]) > 0 AND (SELECT count(*) FROM fence) = 1),
  input AS MATERIALIZED (
    SELECT fence.tenant_id, i.*, to_timestamp(i.at_s) AS at
    FROM fence, jsonb_to_recordset($7::jsonb) AS i (
      appointment_id uuid, version int, from_state text, to_state text, cause text, reason text,
      proof text, start_s int8, end_s int8, location text, location_known boolean,
      resource_id text, metadata text, changes_hold boolean, lane_id int8, busy_start_s int8,
      busy_end_s int8, buffer_before_seconds int, buffer_after_seconds int, service_type text,
      pin text, moves int, position int8, at_s int8, event_type text, event text, shard int2,
      command_id uuid, actor text, request_id text, traceparent text, saga_id uuid,
      saga_kind text, saga_step text, saga_lane text)),
  changed AS (
    UPDATE appointments a SET version = i.version, state = i.to_state,
      start_at = to_timestamp(i.start_s), end_at = to_timestamp(i.end_s), location = i.location,
      location_known = i.location_known, region = $3, resource_id = i.resource_id,
      metadata = convert_to(i.metadata, 'UTF8'), reason = i.reason, proof = i.proof,
      updated_at = i.at
    FROM input i
    WHERE a.tenant_id = i.tenant_id AND a.appointment_id = i.appointment_id
      AND a.version = i.version - 1 AND a.state = i.from_state
    RETURNING i.*),
  released AS (
    DELETE FROM slot_holds h USING changed i
    WHERE h.tenant_id = i.tenant_id AND h.appointment_id = i.appointment_id
      AND i.changes_hold
    RETURNING h.appointment_id),
  held AS (
    INSERT INTO slot_holds (tenant_id, appointment_id, region, resource_id, lane_id, busy_start_at,
      busy_end_at, buffer_before_seconds, buffer_after_seconds, location, service_type, pin, moves)
    SELECT $2, appointment_id, $3, resource_id, lane_id, to_timestamp(busy_start_s),
      to_timestamp(busy_end_s), buffer_before_seconds, buffer_after_seconds, location,
      service_type, pin, moves
    FROM changed
    WHERE changes_hold AND lane_id IS NOT NULL AND (SELECT count(*) FROM released) >= 0
    ORDER BY lane_id, busy_start_s
    RETURNING appointment_id),
  history AS (
    INSERT INTO appointment_history (tenant_id, appointment_id, version, from_state, to_state,
      cause, reason, start_at, end_at, location, resource_id, lane_id, busy_start_at, busy_end_at,
      region, position, actor, request_id, command_id, traceparent, at)
    SELECT $2, i.appointment_id, i.version, i.from_state, i.to_state, i.cause, i.reason,
      to_timestamp(i.start_s), to_timestamp(i.end_s), i.location, i.resource_id,
      coalesce(i.lane_id, kept.lane_id),
      coalesce(to_timestamp(i.busy_start_s), kept.busy_start_at),
      coalesce(to_timestamp(i.busy_end_s), kept.busy_end_at),
      CASE WHEN i.changes_hold THEN $3 END, CASE WHEN i.changes_hold THEN i.position END,
      i.actor, i.request_id, i.command_id, i.traceparent, i.at
    FROM changed i LEFT JOIN slot_holds kept
      ON kept.tenant_id = i.tenant_id
      AND kept.appointment_id = CASE WHEN NOT i.changes_hold THEN i.appointment_id END),
  events AS (
    INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor, request_id,
      command_id, traceparent)
    SELECT shard, $2, appointment_id, version, event_type, event, actor, request_id, command_id,
      traceparent FROM changed),
  saga AS (
    INSERT INTO sagas (tenant_id, saga_id, kind, appointment_id, appointment_version, step,
      deadline_at)
    SELECT $2, saga_id, saga_kind, appointment_id, version, saga_step,
      now() + make_interval(secs => $9) FROM changed WHERE saga_id IS NOT NULL),
  task AS (
    INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, saga_id, actor,
      request_id, command_id, traceparent, deadline_at)
    SELECT $2, saga_lane, saga_kind, appointment_id::text, appointment_id, saga_id, actor,
      request_id, command_id, traceparent, now() + make_interval(secs => $9)
    FROM changed WHERE saga_id IS NOT NULL),
  decisions AS MATERIALIZED (
    SELECT fence.tenant_id, d.* FROM fence, jsonb_to_recordset($8::jsonb) AS d (
      command_id uuid, state text, next_region text, payload jsonb, problem jsonb, result jsonb,
      position int8, seed int8)
    WHERE d.state IN ('applied', 'refused', 'pending')),
  decided AS (
    UPDATE commands c SET state = d.state, problem = d.problem, result = d.result,
      decided_at = CASE WHEN d.next_region IS NULL THEN now() END,
      decided_region = CASE WHEN d.next_region IS NULL THEN $3 END,
      position = CASE WHEN d.next_region IS NULL THEN d.position END,
      decided_now = CASE WHEN d.next_region IS NULL THEN $10::int8 END,
      seed = CASE WHEN d.next_region IS NULL THEN d.seed END,
      region = coalesce(d.next_region, c.region), payload = coalesce(d.payload, c.payload),
      regions_tried = CASE WHEN d.next_region IS NULL THEN c.regions_tried
        ELSE c.regions_tried || $3 END
    FROM decisions d
    WHERE c.tenant_id = d.tenant_id AND c.command_id = d.command_id AND c.decided_at IS NULL
    RETURNING c.command_id)
  SELECT assert_decided((SELECT count(*) FROM fence), (SELECT count(*) FROM changed),
    jsonb_array_length($7::jsonb), (SELECT count(*) FROM decided),
    jsonb_array_length($8::jsonb)) AS ok`,
);

/**
 * Commits a batch of decisions of one region in one statement, all or nothing.
 * Throws SQLSTATE SW001 (writes closed), SW002 (no longer the owner, or memory is old), SW003 (an
 * appointment or a command is not as it was planned on), 23P01 (a hold overlaps).
 */
export async function commitDecisions(queries: Queries, batch: DecideBatch): Promise<void> {
  await queries.run(decideBatch, [
    batch.epoch,
    batch.tenantId,
    batch.region,
    batch.token,
    batch.lastPosition,
    batch.newPosition,
    JSON.stringify(batch.transitions),
    JSON.stringify(batch.commands),
    batch.sagaDeadlineSeconds,
    batch.decidedNow,
    batch.catalogueVersion,
    batch.otherRegions,
  ]);
}
