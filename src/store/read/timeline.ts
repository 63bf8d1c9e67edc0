import type { TenantQueries } from '../../io/tenant-reads.ts';
import { statement } from '../statement.ts';

export type TimelineKind = 'transition' | 'command' | 'saga' | 'notification' | 'event';

/** One thing that happened to an appointment. Instants are epoch seconds. */
export interface TimelineRow {
  kind: TimelineKind;
  at_s: number;
  /** The version that it made or is about; null where it made none. */
  version: number | null;
  details: Record<string, unknown>;
}

const seconds = (column: string): string => `floor(date_part('epoch', ${column}))::int8`;

// One statement sees one snapshot: an event on its way from outbox to log is in one of them.
const timelineOfAppointment = statement<TimelineRow>(
  'timeline_of_appointment',
  `(SELECT 'transition' AS kind, ${seconds('h.at')} AS at_s, h.version, jsonb_build_object(
      'from', h.from_state, 'to', h.to_state, 'cause', h.cause, 'actor', h.actor,
      'reason', h.reason, 'start', ${seconds('h.start_at')}, 'end', ${seconds('h.end_at')},
      'location', h.location, 'resource_id', h.resource_id, 'command_id', h.command_id) AS details
    FROM appointment_history h WHERE h.tenant_id = $1 AND h.appointment_id = $2
    ORDER BY h.version DESC LIMIT $3)
  UNION ALL
  (SELECT 'command', ${seconds('c.created_at')}, (
      SELECT min(h.version) FROM appointment_history h WHERE h.tenant_id = $1
        AND h.appointment_id = $2 AND h.command_id = c.command_id),
      jsonb_build_object('command_id', c.command_id, 'operation', c.operation,
        'state', c.state, 'code', c.problem ->> 'code', 'actor', c.actor,
        'decided_at', ${seconds('c.decided_at')})
    FROM commands c WHERE c.tenant_id = $1 AND c.appointment_id = $2
    ORDER BY c.accepted_seq DESC LIMIT $3)
  UNION ALL
  (SELECT 'saga', ${seconds('s.created_at')}, s.appointment_version, jsonb_build_object(
      'saga_id', s.saga_id, 'saga', s.kind, 'state', s.state, 'step', s.step,
      'finished_at', ${seconds('s.finished_at')})
    FROM sagas s WHERE s.tenant_id = $1 AND s.appointment_id = $2
    ORDER BY s.created_at DESC LIMIT $3)
  UNION ALL
  (SELECT 'saga', ${seconds('j.started_at')}, s.appointment_version, jsonb_build_object(
      'saga_id', s.saga_id, 'saga', s.kind, 'state', s.state, 'step', j.step,
      'direction', j.direction, 'attempt', j.attempt, 'outcome', j.outcome,
      'error_class', j.error_class, 'finished_at', ${seconds('j.finished_at')},
      'started_ms', floor(date_part('epoch', j.started_at) * 1000)::int8)
    FROM sagas s JOIN saga_steps j ON j.tenant_id = s.tenant_id AND j.saga_id = s.saga_id
    WHERE s.tenant_id = $1 AND s.appointment_id = $2
    ORDER BY j.started_at DESC LIMIT $3)
  UNION ALL
  (SELECT 'notification', ${seconds('n.created_at')}, n.version, jsonb_build_object(
      'channel', n.channel, 'template', n.template, 'state', n.state, 'reason', n.reason,
      'attempts', n.attempts, 'sent_at', ${seconds('n.sent_at')})
    FROM notifications n WHERE n.tenant_id = $1 AND n.appointment_id = $2
    ORDER BY n.created_at DESC LIMIT $3)
  UNION ALL
  (SELECT 'event', ${seconds('o.created_at')}, o.version, jsonb_build_object(
      'type', o.type, 'published', false)
    FROM outbox o WHERE o.shard = $4 AND o.tenant_id = $1 AND o.appointment_id = $2
    ORDER BY o.version DESC LIMIT $3)
  UNION ALL
  (SELECT 'event', ${seconds('l.created_at')}, l.version, jsonb_build_object(
      'type', l.type, 'published', true)
    FROM event_log l WHERE l.tenant_id = $1 AND l.appointment_id = $2
    ORDER BY l.version DESC LIMIT $3)`,
);

/** What happened to an appointment, of each source the latest `limit`; in no order. */
export function readTimeline(
  queries: TenantQueries,
  wanted: { tenantId: string; appointmentId: string; shard: number; limit: number },
): Promise<TimelineRow[]> {
  const { tenantId, appointmentId, shard, limit } = wanted;
  return queries.run(timelineOfAppointment, [tenantId, appointmentId, limit, shard]);
}
