import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { TaskFence, TaskOwner } from './tasks.ts';

/** One attempt of one step of a saga, about the reservation in one resource's calendar. */
export interface SagaAttempt extends TaskFence {
  saga_id: string;
  appointment_id: string;
  /** The version at which the saga began. */
  appointment_version: number;
  resource_id: string;
  step: string;
  direction: 'run' | 'compensate';
  /** 1 for the first of this step in this direction. */
  attempt: number;
  effect: 'reserve' | 'release';
}

/** `held` and `released` are certain; a failure is one that has certainly done nothing. */
export interface AttemptOutcome {
  outcome: 'succeeded' | 'failed' | 'refused' | 'ambiguous';
  error_class: string | null;
  external_reference: string | null;
  latency_ms: number;
  /** Epoch seconds: where the reservation is after a success. */
  start_s: number;
  end_s: number;
}

// Under the task's fence, which every statement below begins with.
const fenced = `epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  task AS MATERIALIZED (
    SELECT t.tenant_id, t.task_id FROM epoch, tasks t
    WHERE t.tenant_id = $3 AND t.task_id = $4 AND t.attempts = $5
      AND coalesce(t.lease_owner = $2, false)
    FOR UPDATE OF t)`;

// The intent: what may happen is written before it can. The appointment is locked, so that a saga
// that was overtaken begins no call; what it reserves is for its own version, and what it releases
// is not held by any. An attempt that a dead owner left without an end may still have its effect.
const begin = statement<{ begun: boolean; ours: boolean }>(
  'begin_attempt',
  `WITH ${fenced},
  wanted AS MATERIALIZED (
    SELECT a.tenant_id FROM task, appointments a
    WHERE a.tenant_id = task.tenant_id AND a.appointment_id = $7
      AND CASE WHEN $13 = 'reserve'
        THEN a.version = $8 AND a.state IN ('SCHEDULED', 'CONFIRMED')
        ELSE a.resource_id IS DISTINCT FROM $9 OR a.state IN ('CANCELLED', 'FAILED')
          OR $11 = 'compensate' AND a.version = $8 END
    FOR SHARE OF a),
  unended AS (
    UPDATE saga_steps j SET outcome = 'ambiguous', error_class = 'owner-lost', finished_at = now()
    FROM wanted WHERE j.tenant_id = wanted.tenant_id AND j.saga_id = $6 AND j.outcome IS NULL
    RETURNING j.step),
  reservation AS (
    INSERT INTO calendar_reservations AS v
      (tenant_id, appointment_id, resource_id, state, settled_state, saga_id)
    SELECT tenant_id, $7, $9, CASE WHEN $13 = 'reserve' THEN 'may-exist' ELSE 'releasing' END,
      'released', $6
    FROM wanted
    ON CONFLICT (tenant_id, appointment_id, resource_id) DO UPDATE SET state = EXCLUDED.state,
      settled_state = v.state, saga_id = EXCLUDED.saga_id, updated_at = now(),
      last_ambiguous_at = CASE WHEN (SELECT count(*) FROM unended) > 0 THEN now()
        ELSE v.last_ambiguous_at END),
  journal AS (
    INSERT INTO saga_steps (tenant_id, saga_id, step, direction, attempt, started_at)
    SELECT tenant_id, $6, $10, $11, $12, now() FROM wanted),
  saga AS (
    UPDATE sagas s SET step = $10 FROM wanted
    WHERE s.tenant_id = wanted.tenant_id AND s.saga_id = $6 AND s.step <> $10)
  SELECT EXISTS (SELECT FROM wanted) AS begun, EXISTS (SELECT FROM task) AS ours`,
);

// A release that comes later than any call can last is the last word on what was ambiguous.
const end = statement<{ ambiguous_ms: number | null }>(
  'end_attempt',
  `WITH ${fenced},
  journal AS (
    UPDATE saga_steps j SET finished_at = now(), outcome = $12, error_class = $13,
      external_reference = $14, latency_ms = $15
    FROM task WHERE j.tenant_id = task.tenant_id AND j.saga_id = $6 AND j.step = $9
      AND j.direction = $10 AND j.attempt = $11 AND j.outcome IS NULL
    RETURNING j.saga_id),
  reservation AS (
    UPDATE calendar_reservations v SET updated_at = now(),
      state = CASE $12::text WHEN 'succeeded' THEN $16 WHEN 'ambiguous' THEN v.state
        ELSE v.settled_state END,
      start_at = CASE WHEN $12 = 'succeeded' AND $16 = 'held' THEN to_timestamp($17::int8)
        ELSE v.start_at END,
      end_at = CASE WHEN $12 = 'succeeded' AND $16 = 'held' THEN to_timestamp($18::int8)
        ELSE v.end_at END,
      external_reference = coalesce($14, v.external_reference),
      refused_version = CASE WHEN $12 = 'refused' AND $16 = 'held' THEN $19
        ELSE v.refused_version END,
      last_ambiguous_at = CASE WHEN $12 = 'ambiguous' AND $16 = 'held' THEN now()
        WHEN $12 = 'succeeded' AND $16 = 'released'
          AND v.last_ambiguous_at < now() - make_interval(secs => $20) THEN NULL
        ELSE v.last_ambiguous_at END
    FROM journal, task
    WHERE v.tenant_id = task.tenant_id AND v.appointment_id = $7 AND v.resource_id = $8
    RETURNING v.last_ambiguous_at)
  SELECT floor(date_part('epoch', r.last_ambiguous_at) * 1000)::int8 AS ambiguous_ms
  FROM task LEFT JOIN reservation r ON true`,
);

/**
 * Writes that an attempt is about to be made. `overtaken`: the appointment has moved on, and
 * nothing may be called. `lost`: the task is another's by now.
 */
export async function beginAttempt(
  queries: Queries,
  owner: TaskOwner,
  attempt: SagaAttempt,
): Promise<'begun' | 'overtaken' | 'lost'> {
  const [row] = await queries.run(begin, [
    ...[owner.epoch, owner.processId, attempt.tenant_id, attempt.task_id, attempt.attempts],
    ...[attempt.saga_id, attempt.appointment_id, attempt.appointment_version],
    ...[attempt.resource_id, attempt.step, attempt.direction, attempt.attempt, attempt.effect],
  ]);
  if (row?.begun === true) return 'begun';
  return row?.ours === true ? 'overtaken' : 'lost';
}

/**
 * Writes how an attempt ended. Answers since when an earlier one may still have its effect (epoch
 * milliseconds), if any may; undefined where the task is another's by now.
 */
export async function endAttempt(
  queries: Queries,
  owner: TaskOwner & { lateEffectSeconds: number },
  { outcome, ...attempt }: SagaAttempt & { outcome: AttemptOutcome },
): Promise<{ ambiguous_ms: number | null } | undefined> {
  const [row] = await queries.run(end, [
    ...[owner.epoch, owner.processId, attempt.tenant_id, attempt.task_id, attempt.attempts],
    ...[attempt.saga_id, attempt.appointment_id, attempt.resource_id],
    ...[attempt.step, attempt.direction, attempt.attempt],
    ...[outcome.outcome, outcome.error_class, outcome.external_reference, outcome.latency_ms],
    ...[attempt.effect === 'reserve' ? 'held' : 'released', outcome.start_s, outcome.end_s],
    ...[attempt.appointment_version, owner.lateEffectSeconds],
  ]);
  return row;
}
