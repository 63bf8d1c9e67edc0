import type { Appointment } from '../../domain/appointment.ts';
import type { Queries } from '../../io/postgres.ts';
import { appointmentColumns, toAppointment, type AppointmentRow } from '../appointment-row.ts';
import { statement } from '../statement.ts';

/** How the calendar of a resource is reached, password included. */
export interface CalendarAccessRow {
  kind: 'none' | 'caldav';
  url: string | null;
  username: string | null;
  password: string | null;
  /** Of the resource. */
  zone: string;
}

export interface ReservationRow {
  resource_id: string;
  state: 'may-exist' | 'held' | 'releasing' | 'released';
  /** Where it is held: epoch seconds. */
  start_s: number | null;
  end_s: number | null;
  /** Epoch milliseconds; null where no attempt may still have its effect. */
  ambiguous_ms: number | null;
  /** Null: the resource has no calendar any more. */
  access: CalendarAccessRow | null;
}

export type SagaState =
  'running' | 'compensating' | 'parked' | 'done' | 'compensated' | 'superseded' | 'refused';

/** A saga that calls calendars, with all that it goes on from. */
export interface CalendarSaga {
  id: string;
  kind: string;
  state: SagaState;
  finished: boolean;
  step: string;
  /** Why it is being taken back. */
  reason: string | null;
  /** The version at which the saga began. */
  appointmentVersion: number;
  deadlineMs: number;
  appointment: Appointment;
  /** Of the appointment's resource as it is now; null: it has none. */
  access: CalendarAccessRow | null;
  /** By resource, those that are released included. */
  reservations: ReservationRow[];
  /** Attempts so far, by `step/direction`. */
  attempts: Record<string, number>;
  /** Resources that have refused the appointment since somebody chose its slot. */
  refusedBy: string[];
  /** Whether another saga of the appointment waits behind this one. */
  hasLater: boolean;
  /** What our events in this tenant's calendars are marked with. */
  tag: string;
}

type Row = AppointmentRow & {
  saga_id: string;
  saga_kind: string;
  saga_state: SagaState;
  finished: boolean;
  step: string;
  saga_reason: string | null;
  appointment_version: number;
  deadline_ms: number;
  access: CalendarAccessRow | null;
  reservations: ReservationRow[];
  attempts: Record<string, number>;
  refused_by: string[];
  has_later: boolean;
  tag: string;
};

const accessOf = (resourceId: string): string => `(
    SELECT jsonb_build_object('kind', r.calendar ->> 'kind', 'url', r.calendar ->> 'url',
      'username', r.calendar ->> 'username', 'password', p.password, 'zone', r.time_zone)
    FROM resources r LEFT JOIN calendar_passwords p ON p.tenant_id = r.tenant_id
      AND p.password_id = (r.calendar ->> 'passwordId')::uuid
    WHERE r.tenant_id = a.tenant_id AND r.resource_id = ${resourceId}
      AND r.calendar ->> 'kind' <> 'none')`;

const calendarSaga = statement<Row>(
  'calendar_saga',
  `SELECT s.saga_id, s.kind AS saga_kind, s.state AS saga_state, s.step,
    s.finished_at IS NOT NULL AS finished, s.reason AS saga_reason, s.appointment_version,
    floor(date_part('epoch', s.deadline_at) * 1000)::int8 AS deadline_ms,
    (SELECT i.installation_id || '/' || s.tenant_id FROM installation i) AS tag,
    ${accessOf('a.resource_id')} AS access,
    coalesce((
      SELECT jsonb_agg(jsonb_build_object('resource_id', v.resource_id, 'state', v.state,
        'start_s', date_part('epoch', v.start_at)::int8,
        'end_s', date_part('epoch', v.end_at)::int8,
        'ambiguous_ms', floor(date_part('epoch', v.last_ambiguous_at) * 1000)::int8,
        'access', ${accessOf('v.resource_id')}) ORDER BY v.resource_id)
      FROM calendar_reservations v
      WHERE v.tenant_id = a.tenant_id AND v.appointment_id = a.appointment_id), '[]')
      AS reservations,
    coalesce((
      SELECT jsonb_object_agg(j.name, j.attempts) FROM (
        SELECT step || '/' || direction AS name, count(*) AS attempts FROM saga_steps
        WHERE tenant_id = s.tenant_id AND saga_id = s.saga_id GROUP BY 1) j), '{}') AS attempts,
    array(
      SELECT v.resource_id FROM calendar_reservations v
      WHERE v.tenant_id = a.tenant_id AND v.appointment_id = a.appointment_id
        AND v.refused_version >= (
          SELECT max(o.appointment_version) FROM sagas o
          WHERE o.tenant_id = a.tenant_id AND o.appointment_id = a.appointment_id
            AND o.kind <> 'reassign')) AS refused_by,
    EXISTS (
      SELECT FROM tasks t WHERE t.tenant_id = a.tenant_id AND t.lane = 'calendar'
        AND t.ordering_key = a.appointment_id::text AND t.task_id > $3) AS has_later,
    ${appointmentColumns}
  FROM sagas s JOIN appointments a
    ON a.tenant_id = s.tenant_id AND a.appointment_id = s.appointment_id
  WHERE s.tenant_id = $1 AND s.saga_id = $2`,
);

/** Read by workers alone: it holds the passwords of calendars. */
export async function findCalendarSaga(
  queries: Queries,
  { tenant_id, saga_id, task_id }: { tenant_id: string; saga_id: string; task_id: number },
): Promise<CalendarSaga | undefined> {
  const [row] = await queries.run(calendarSaga, [tenant_id, saga_id, task_id]);
  if (row === undefined) return undefined;
  return {
    id: row.saga_id,
    kind: row.saga_kind,
    state: row.saga_state,
    finished: row.finished,
    step: row.step,
    reason: row.saga_reason,
    appointmentVersion: row.appointment_version,
    deadlineMs: row.deadline_ms,
    appointment: toAppointment(row),
    access: row.access,
    reservations: row.reservations,
    attempts: row.attempts,
    refusedBy: row.refused_by,
    hasLater: row.has_later,
    tag: row.tag,
  };
}
