import type { AppointmentState } from '../../domain/appointment-state.ts';
import type { Queries } from '../../io/postgres.ts';
import { logBegins } from '../log-begins.ts';
import { statement } from '../statement.ts';
import type { AppointmentKey } from './repair-appointments.ts';

/** A version of an appointment, as its history has it. */
export interface TrailRow {
  version: number;
  to_state: AppointmentState;
  cause: string;
  reason: string | null;
  start_s: number;
  end_s: number;
  location: string | null;
  resource_id: string | null;
  region: string | null;
  position: number | null;
  actor: string;
  request_id: string | null;
  command_id: string | null;
  traceparent: string | null;
  at_s: number;
  /** Or may have had one that the log has dropped since. */
  has_event: boolean;
}

/** An event of a version that has none. */
export type MissingEventRow = AppointmentKey &
  Pick<TrailRow, 'version' | 'actor' | 'request_id' | 'command_id' | 'traceparent'> & {
    shard: number;
    type: string;
    event: string;
  };

const trail = statement<TrailRow>(
  'trail_of_appointment',
  `SELECT h.version, h.to_state, h.cause, h.reason, date_part('epoch', h.start_at)::int8 AS start_s,
    date_part('epoch', h.end_at)::int8 AS end_s, h.location, h.resource_id, h.region, h.position,
    h.actor, h.request_id, h.command_id, h.traceparent,
    floor(date_part('epoch', h.at))::int8 AS at_s,
    h.at <= ${logBegins}
    OR EXISTS (SELECT FROM event_log l WHERE l.tenant_id = h.tenant_id
      AND l.appointment_id = h.appointment_id AND l.version = h.version)
    OR EXISTS (SELECT FROM outbox o WHERE o.shard = $3 AND o.tenant_id = h.tenant_id
      AND o.appointment_id = h.appointment_id AND o.version = h.version) AS has_event
  FROM appointment_history h WHERE h.tenant_id = $1 AND h.appointment_id = $2
  ORDER BY h.version DESC LIMIT $4`,
);

const insertMissing = statement<{ version: number }>(
  'insert_missing_events',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  INSERT INTO outbox (shard, tenant_id, appointment_id, version, type, event, actor, request_id,
    command_id, traceparent)
  SELECT r.shard, r.tenant_id, r.appointment_id, r.version, r.type, r.event, r.actor, r.request_id,
    r.command_id, r.traceparent
  FROM epoch, jsonb_to_recordset($2::jsonb) AS r (
    shard int2, tenant_id text, appointment_id uuid, version int, type text, event text,
    actor text, request_id text, command_id uuid, traceparent text)
  ORDER BY r.version
  RETURNING version`,
);

/** The last `limit` versions of a locked appointment, the latest first. */
export function readTrailOfEvents(
  queries: Queries,
  { tenant_id, appointment_id, shard }: AppointmentKey & { shard: number },
  limit: number,
): Promise<TrailRow[]> {
  return queries.run(trail, [tenant_id, appointment_id, shard, limit]);
}

/**
 * Puts events into the outbox that should have been there. The caller has locked the appointment
 * and seen, in a statement after that, that they are nowhere.
 */
export async function insertMissingEvents(
  queries: Queries,
  epoch: number,
  events: readonly MissingEventRow[],
): Promise<void> {
  await queries.run(insertMissing, [epoch, JSON.stringify(events)]);
}
