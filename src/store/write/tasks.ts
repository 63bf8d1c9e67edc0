import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export type Lane = 'saga' | 'calendar' | 'notification' | 'webhook' | 'maintenance';

/** A task as claimed. With its owner, `attempts` is the fence of everything that finishes it. */
export interface TaskRow {
  tenant_id: string;
  task_id: number;
  lane: Lane;
  kind: string;
  appointment_id: string | null;
  saga_id: string | null;
  payload: unknown;
  attempts: number;
  last_delay_ms: number;
  /** Epoch seconds. */
  deadline_s: number | null;
  actor: string;
  request_id: string | null;
  command_id: string | null;
  traceparent: string | null;
}

export type TaskFence = Pick<TaskRow, 'tenant_id' | 'task_id' | 'attempts'>;

export interface ClaimRequest {
  lane: Lane;
  limit: number;
  processId: string;
  sessionKey: number | null;
  leaseSeconds: number;
}

// Every tenant with work gets an equal share of the claim; where the shares add up to more than
// the limit, the tenants' first tasks go before anyone's second. Of the tasks with one ordering
// key only the lowest may run, so the next one waits until its row is gone, retries included.
const claim = statement<TaskRow>(
  'claim_tasks',
  `WITH RECURSIVE epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  waiting (tenant_id) AS (
    (SELECT tenant_id FROM tasks WHERE lane = $2 AND lease_owner IS NULL
    ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.tenant_id FROM tasks t
      WHERE t.lane = $2 AND t.lease_owner IS NULL AND t.tenant_id > w.tenant_id
      ORDER BY t.tenant_id LIMIT 1)
    FROM waiting w WHERE w.tenant_id IS NOT NULL),
  share AS MATERIALIZED (
    SELECT ceil($3::float8 / greatest(count(tenant_id), 1))::int AS size FROM waiting, epoch),
  picked AS MATERIALIZED (
    SELECT t.tenant_id, t.task_id,
      row_number() OVER (PARTITION BY t.tenant_id ORDER BY t.run_at, t.task_id) AS turn
    FROM waiting w CROSS JOIN LATERAL (
      SELECT r.tenant_id, r.task_id, r.run_at FROM tasks r
      WHERE r.lane = $2 AND r.tenant_id = w.tenant_id AND r.lease_owner IS NULL
        AND r.run_at <= now() AND (r.ordering_key IS NULL OR NOT EXISTS (
          SELECT FROM tasks earlier
          WHERE earlier.tenant_id = r.tenant_id AND earlier.lane = r.lane
            AND earlier.ordering_key = r.ordering_key AND earlier.task_id < r.task_id))
      ORDER BY r.run_at, r.task_id LIMIT (SELECT size FROM share)
      FOR UPDATE OF r SKIP LOCKED) t
    WHERE w.tenant_id IS NOT NULL),
  chosen AS MATERIALIZED (SELECT tenant_id, task_id FROM picked ORDER BY turn, task_id LIMIT $3)
  UPDATE tasks t SET attempts = t.attempts + 1, lease_owner = $4, lease_session = $5,
    lease_expires_at = now() + make_interval(secs => $6)
  FROM chosen c WHERE t.tenant_id = c.tenant_id AND t.task_id = c.task_id
  RETURNING t.tenant_id, t.task_id, t.lane, t.kind, t.appointment_id, t.saga_id, t.payload,
    t.attempts, t.last_delay_ms, date_part('epoch', t.deadline_at)::int8 AS deadline_s, t.actor,
    t.request_id, t.command_id, t.traceparent`,
);

// Asked so that it does not imply "IS NOT NULL": else the index of leased tasks, small when the
// plan is made, is read from end to end for every task. So it is wherever an owner is compared.
const renew = statement<{ task_id: number }>(
  'renew_tasks',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  UPDATE tasks t SET lease_expires_at = now() + make_interval(secs => $4)
  FROM epoch, jsonb_to_recordset($2::jsonb) AS r (tenant_id text, task_id int8, attempts int)
  WHERE t.tenant_id = r.tenant_id AND t.task_id = r.task_id AND t.attempts = r.attempts
    AND coalesce(t.lease_owner = $3, false)
  RETURNING t.task_id`,
);

// Each dead session is found once, not once per task. Freed tasks keep their place in the queue.
const free = statement<{ task_id: number }>(
  'free_tasks',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  gone AS MATERIALIZED (
    SELECT lease_session FROM (
      SELECT DISTINCT lease_session FROM tasks
      WHERE lease_owner IS NOT NULL AND lease_owner <> $2 AND lease_session IS NOT NULL) s
    WHERE session_is_gone(lease_session)),
  overdue AS MATERIALIZED (
    SELECT t.tenant_id, t.task_id FROM epoch, tasks t
    WHERE t.lease_owner IS NOT NULL AND (t.lease_expires_at < now()
      OR (t.lease_session IN (SELECT lease_session FROM gone)) IS TRUE)
    ORDER BY t.tenant_id, t.task_id LIMIT 1000 FOR UPDATE OF t SKIP LOCKED)
  UPDATE tasks t SET lease_owner = NULL, lease_session = NULL, lease_expires_at = NULL
  FROM overdue o WHERE t.tenant_id = o.tenant_id AND t.task_id = o.task_id
  RETURNING t.task_id`,
);

const finish = statement<{ task_id: number }>(
  'finish_tasks',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  DELETE FROM tasks t
  USING epoch, jsonb_to_recordset($2::jsonb) AS r (tenant_id text, task_id int8, attempts int)
  WHERE t.tenant_id = r.tenant_id AND t.task_id = r.task_id AND t.attempts = r.attempts
    AND coalesce(t.lease_owner = $3, false)
  RETURNING t.task_id`,
);

const retry = statement<{ task_id: number }>(
  'retry_tasks',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable)
  UPDATE tasks t SET lease_owner = NULL, lease_session = NULL, lease_expires_at = NULL,
    run_at = now() + make_interval(secs => r.delay_ms / 1000.0), last_delay_ms = r.delay_ms
  FROM epoch, jsonb_to_recordset($2::jsonb) AS r (
    tenant_id text, task_id int8, attempts int, delay_ms int)
  WHERE t.tenant_id = r.tenant_id AND t.task_id = r.task_id AND t.attempts = r.attempts
    AND coalesce(t.lease_owner = $3, false)
  RETURNING t.task_id`,
);

const bury = statement<{ task_id: number }>(
  'bury_tasks',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  dead AS (
    DELETE FROM tasks t
    USING epoch, jsonb_to_recordset($2::jsonb) AS r (
      tenant_id text, task_id int8, attempts int, reason text)
    WHERE t.tenant_id = r.tenant_id AND t.task_id = r.task_id AND t.attempts = r.attempts
      AND coalesce(t.lease_owner = $3, false)
    RETURNING t.*, r.reason)
  INSERT INTO dead_letters (tenant_id, task_id, lane, kind, ordering_key, appointment_id, saga_id,
    payload, attempts, reason, actor, request_id, command_id, traceparent, created_at)
  SELECT tenant_id, task_id, lane, kind, ordering_key, appointment_id, saga_id, payload, attempts,
    reason, actor, request_id, command_id, traceparent, created_at FROM dead
  RETURNING task_id`,
);

/** Whoever finishes tasks: the process that claimed them, under the write epoch it believes in. */
export interface TaskOwner {
  epoch: number;
  processId: string;
}

/** Takes up to `limit` tasks of a lane that may run now, in order of task id. */
export async function claimTasks(
  queries: Queries,
  epoch: number,
  { lane, limit, processId, sessionKey, leaseSeconds }: ClaimRequest,
): Promise<TaskRow[]> {
  const values = [epoch, lane, limit, processId, sessionKey, leaseSeconds];
  const rows = await queries.run(claim, values);
  return rows.sort((a, b) => a.task_id - b.task_id);
}

/** Extends the leases of running tasks; answers those that are still this owner's. */
export async function renewTasks(
  queries: Queries,
  { epoch, processId, leaseSeconds }: TaskOwner & { leaseSeconds: number },
  tasks: readonly TaskFence[],
): Promise<Set<number>> {
  return ids(await queries.run(renew, [epoch, fences(tasks), processId, leaseSeconds]));
}

/** Gives back tasks whose lease has ended or whose owner's session is gone; answers how many. */
export async function freeTasks(
  queries: Queries,
  { epoch, processId }: TaskOwner,
): Promise<number> {
  return (await queries.run(free, [epoch, processId])).length;
}

/** Deletes finished tasks. Answers those that were still this owner's in that attempt. */
export async function finishTasks(
  queries: Queries,
  { epoch, processId }: TaskOwner,
  tasks: readonly TaskFence[],
): Promise<Set<number>> {
  return ids(await queries.run(finish, [epoch, fences(tasks), processId]));
}

/** Gives tasks back to run again after a delay; 0 gives them back as they were. */
export async function retryTasks(
  queries: Queries,
  { epoch, processId }: TaskOwner,
  tasks: readonly (TaskFence & { delay_ms: number })[],
): Promise<Set<number>> {
  const rows = tasks.map((task) => ({ ...fence(task), delay_ms: task.delay_ms }));
  return ids(await queries.run(retry, [epoch, JSON.stringify(rows), processId]));
}

/** Moves tasks to the dead letters, each with its reason. */
export async function buryTasks(
  queries: Queries,
  { epoch, processId }: TaskOwner,
  tasks: readonly (TaskFence & { reason: string })[],
): Promise<Set<number>> {
  const rows = tasks.map((task) => ({ ...fence(task), reason: task.reason }));
  return ids(await queries.run(bury, [epoch, JSON.stringify(rows), processId]));
}

function fence({ tenant_id, task_id, attempts }: TaskFence): TaskFence {
  return { tenant_id, task_id, attempts };
}

function fences(tasks: readonly TaskFence[]): string {
  return JSON.stringify(tasks.map(fence));
}

function ids(rows: readonly { task_id: number }[]): Set<number> {
  return new Set(rows.map((row) => row.task_id));
}
