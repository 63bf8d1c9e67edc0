import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

// A key whose command is undecided stays, however old: whoever repeats the request must find it.
const sweepKeys = statement<{ swept: number }>(
  'sweep_idempotency_keys',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  old AS MATERIALIZED (
    SELECT k.tenant_id, k.operation, k.key FROM epoch, idempotency_keys k
    WHERE k.first_used_at < now() - make_interval(hours => $2) AND NOT EXISTS (
      SELECT FROM commands c WHERE c.tenant_id = k.tenant_id AND c.command_id = k.command_id
        AND c.state = 'pending')
    LIMIT $3 FOR UPDATE OF k SKIP LOCKED),
  gone AS (
    DELETE FROM idempotency_keys k USING old o
    WHERE k.tenant_id = o.tenant_id AND k.operation = o.operation AND k.key = o.key
    RETURNING 1)
  SELECT count(*)::int8 AS swept FROM gone`,
);

// What the consumer's cursor has not passed will be met in the log once more.
const sweepInbox = statement<{ swept: number }>(
  'sweep_inbox',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  old AS MATERIALIZED (
    SELECT i.consumer, i.tenant_id, i.appointment_id, i.version FROM epoch, inbox i
    WHERE i.taken_at < now() - make_interval(days => $2) AND NOT EXISTS (
      SELECT FROM event_log l JOIN consumer_cursors c
        ON c.consumer = i.consumer AND c.shard = l.shard AND c.position < l.position
      WHERE l.tenant_id = i.tenant_id AND l.appointment_id = i.appointment_id
        AND l.version = i.version)
    LIMIT $3 FOR UPDATE OF i SKIP LOCKED),
  gone AS (
    DELETE FROM inbox i USING old o
    WHERE i.consumer = o.consumer AND i.tenant_id = o.tenant_id
      AND i.appointment_id = o.appointment_id AND i.version = o.version
    RETURNING 1)
  SELECT count(*)::int8 AS swept FROM gone`,
);

/** Deletes up to `limit` settled keys first used `olderThanHours` ago; answers how many. */
export async function sweepIdempotencyKeys(
  queries: Queries,
  epoch: number,
  { olderThanHours, limit }: { olderThanHours: number; limit: number },
): Promise<number> {
  const [row] = await queries.run(sweepKeys, [epoch, olderThanHours, limit]);
  return row?.swept ?? 0;
}

/** Deletes up to `limit` inbox rows older than `olderThanDays`, if passed; answers how many. */
export async function sweepInboxRows(
  queries: Queries,
  epoch: number,
  { olderThanDays, limit }: { olderThanDays: number; limit: number },
): Promise<number> {
  const [row] = await queries.run(sweepInbox, [epoch, olderThanDays, limit]);
  return row?.swept ?? 0;
}
