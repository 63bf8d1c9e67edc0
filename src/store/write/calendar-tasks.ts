import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { ClaimRequest, TaskFence, TaskOwner, TaskRow } from './tasks.ts';

// As tasks are claimed elsewhere, but no tenant gets more than its places, those counted that its
// running tasks have: a calendar that hangs takes up its own tenant's places alone.
const claim = statement<TaskRow>(
  'claim_calendar_tasks',
  `WITH RECURSIVE epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  waiting (tenant_id) AS (
    (SELECT tenant_id FROM tasks WHERE lane = 'calendar' AND lease_owner IS NULL
    ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.tenant_id FROM tasks t
      WHERE t.lane = 'calendar' AND t.lease_owner IS NULL AND t.tenant_id > w.tenant_id
      ORDER BY t.tenant_id LIMIT 1)
    FROM waiting w WHERE w.tenant_id IS NOT NULL),
  places AS MATERIALIZED (
    SELECT w.tenant_id,
      greatest(0, least($2, $6 - coalesce(($7::jsonb ->> w.tenant_id)::int, 0))) AS free
    FROM epoch, waiting w WHERE w.tenant_id IS NOT NULL),
  picked AS MATERIALIZED (
    SELECT t.tenant_id, t.task_id,
      row_number() OVER (PARTITION BY t.tenant_id ORDER BY t.run_at, t.task_id) AS turn
    FROM places p CROSS JOIN LATERAL (
      SELECT r.tenant_id, r.task_id, r.run_at FROM tasks r
      WHERE r.lane = 'calendar' AND r.tenant_id = p.tenant_id AND r.lease_owner IS NULL
        AND r.run_at <= now() AND (r.ordering_key IS NULL OR NOT EXISTS (
          SELECT FROM tasks earlier
          WHERE earlier.tenant_id = r.tenant_id AND earlier.lane = r.lane
            AND earlier.ordering_key = r.ordering_key AND earlier.task_id < r.task_id))
      ORDER BY r.run_at, r.task_id LIMIT p.free
      FOR UPDATE OF r SKIP LOCKED) t),
  chosen AS MATERIALIZED (SELECT tenant_id, task_id FROM picked ORDER BY turn, task_id LIMIT $2)
  UPDATE tasks t SET attempts = t.attempts + 1, parked_reason = NULL, lease_owner = $3,
    lease_session = $4, lease_expires_at = now() + make_interval(secs => $5)
  FROM chosen c WHERE t.tenant_id = c.tenant_id AND t.task_id = c.task_id
  RETURNING t.tenant_id, t.task_id, t.lane, t.kind, t.appointment_id, t.saga_id, t.payload,
    t.attempts, t.last_delay_ms, date_part('epoch', t.deadline_at)::int8 AS deadline_s, t.actor,
    t.request_id, t.command_id, t.traceparent`,
);

// The last delay stays: waiting for a breaker is no attempt that a later one would double from.
const park = statement<{ task_id: number }>(
  'park_task',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  UPDATE tasks t SET lease_owner = NULL, lease_session = NULL, lease_expires_at = NULL,
    run_at = to_timestamp($6 / 1000.0), parked_reason = $7
  FROM epoch
  WHERE t.tenant_id = $3 AND t.task_id = $4 AND t.attempts = $5
    AND coalesce(t.lease_owner = $2, false)
  RETURNING t.task_id`,
);

export interface CalendarClaim extends Omit<ClaimRequest, 'lane'> {
  placesPerTenant: number;
  /** Tasks in hand, by tenant. */
  running: Readonly<Record<string, number>>;
}

/** Takes up to `limit` tasks of the lane `calendar` that may run now, in order of task id. */
export async function claimCalendarTasks(
  queries: Queries,
  epoch: number,
  { limit, processId, sessionKey, leaseSeconds, placesPerTenant, running }: CalendarClaim,
): Promise<TaskRow[]> {
  const values = [epoch, limit, processId, sessionKey, leaseSeconds, placesPerTenant];
  const rows = await queries.run(claim, [...values, JSON.stringify(running)]);
  return rows.sort((a, b) => a.task_id - b.task_id);
}

/** Gives a task back that could not be run now, for a reason of no account to it. */
export async function parkTask(
  queries: Queries,
  { epoch, processId }: TaskOwner,
  task: TaskFence & { until_ms: number; reason: string },
): Promise<boolean> {
  const { tenant_id, task_id, attempts, until_ms, reason } = task;
  const values = [epoch, processId, tenant_id, task_id, attempts, Math.ceil(until_ms), reason];
  return (await queries.run(park, values)).length === 1;
}
