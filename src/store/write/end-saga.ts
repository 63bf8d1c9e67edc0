import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { TaskFence, TaskOwner } from './tasks.ts';

export interface EndedSaga extends TaskFence {
  saga_id: string;
  appointment_id: string;
  state: 'done' | 'compensated' | 'superseded' | 'refused';
  /** What the region's owner is to decide because of it. */
  command?: {
    id: string;
    operation: 'replan' | 'abandon';
    payload: unknown;
  };
  request_id: string | null;
  traceparent: string | null;
}

// Deleting the task is the fence, and its row feeds all the rest. Commands of one appointment are
// numbered in the order in which they are committed, as accept_actions says.
const endSaga = statement<{ task_id: number }>(
  'end_saga',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  turn AS MATERIALIZED (
    SELECT CASE WHEN $9::uuid IS NOT NULL
      THEN pg_advisory_xact_lock(730514, uuid_hash($7::uuid)) END AS taken FROM epoch),
  finished AS (
    DELETE FROM tasks t USING turn
    WHERE t.tenant_id = $3 AND t.task_id = $4 AND t.attempts = $5
      AND coalesce(t.lease_owner = $2, false)
    RETURNING t.tenant_id, t.task_id),
  saga AS (
    UPDATE sagas s SET state = $8, finished_at = now() FROM finished f
    WHERE s.tenant_id = f.tenant_id AND s.saga_id = $6 AND s.finished_at IS NULL),
  unended AS (
    UPDATE saga_steps j SET outcome = 'ambiguous', error_class = 'owner-lost', finished_at = now()
    FROM finished f WHERE j.tenant_id = f.tenant_id AND j.saga_id = $6 AND j.outcome IS NULL
    RETURNING j.saga_id),
  doubtful AS (
    UPDATE calendar_reservations v SET last_ambiguous_at = now(), updated_at = now()
    FROM finished f
    WHERE v.tenant_id = f.tenant_id AND v.appointment_id = $7 AND v.saga_id = $6
      AND v.state = 'may-exist' AND EXISTS (SELECT FROM unended)),
  command AS (
    INSERT INTO commands (tenant_id, command_id, operation, appointment_id, region, payload,
      created_at, actor, request_id, traceparent)
    SELECT f.tenant_id, $9::uuid, $10, $7, a.region, $11::jsonb, now(), 'worker', $12, $13
    FROM finished f JOIN appointments a ON a.tenant_id = f.tenant_id AND a.appointment_id = $7
    WHERE $9::uuid IS NOT NULL)
  SELECT task_id FROM finished`,
);

/** Ends a saga and its task in one statement; false where the task is another's by now. */
export async function endSagaWith(
  queries: Queries,
  { epoch, processId }: TaskOwner,
  ended: EndedSaga,
): Promise<boolean> {
  const { command } = ended;
  const rows = await queries.run(endSaga, [
    ...[epoch, processId, ended.tenant_id, ended.task_id, ended.attempts],
    ...[ended.saga_id, ended.appointment_id, ended.state],
    ...[command?.id ?? null, command?.operation ?? null],
    ...[command === undefined ? null : JSON.stringify(command.payload)],
    ...[ended.request_id, ended.traceparent],
  ]);
  return rows.length === 1;
}

const changeState = statement<{ saga_id: string }>(
  'change_saga_state',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  task AS MATERIALIZED (
    SELECT t.tenant_id FROM epoch, tasks t
    WHERE t.tenant_id = $3 AND t.task_id = $4 AND t.attempts = $5
      AND coalesce(t.lease_owner = $2, false)
    FOR UPDATE OF t)
  UPDATE sagas s SET state = $7, reason = coalesce($8, s.reason) FROM task
  WHERE s.tenant_id = task.tenant_id AND s.saga_id = $6 AND s.finished_at IS NULL
  RETURNING s.saga_id`,
);

/** `compensating`: it is taken back from here on. `parked`: an operator should look at it. */
export async function changeSagaState(
  queries: Queries,
  { epoch, processId }: TaskOwner,
  saga: TaskFence & {
    saga_id: string;
    state: 'running' | 'compensating' | 'parked';
    reason?: string;
  },
): Promise<boolean> {
  const { tenant_id, task_id, attempts, saga_id, state, reason } = saga;
  const values = [epoch, processId, tenant_id, task_id, attempts, saga_id, state, reason ?? null];
  return (await queries.run(changeState, values)).length === 1;
}
