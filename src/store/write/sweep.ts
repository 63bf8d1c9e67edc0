import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

const sweepKeys = statement<{ swept: number }>(
  'sweep_idempotency_keys',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  old AS MATERIALIZED (
    SELECT k.tenant_id, k.operation, k.key FROM epoch, idempotency_keys k
    WHERE k.first_used_at < now() - make_interval(hours => $2)
    LIMIT $3 FOR UPDATE OF k SKIP LOCKED),
  gone AS (
    DELETE FROM idempotency_keys k USING old o
    WHERE k.tenant_id = o.tenant_id AND k.operation = o.operation AND k.key = o.key
    RETURNING 1)
  SELECT count(*)::int8 AS swept FROM gone`,
);

const sweepInbox = statement<{ swept: number }>(
  'sweep_inbox',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  old AS MATERIALIZED (
    SELECT i.consumer, i.tenant_id, i.appointment_id, i.version FROM epoch, inbox i
    WHERE i.taken_at < now() - make_interval(days => $2)
    LIMIT $3 FOR UPDATE OF i SKIP LOCKED),
  gone AS (
    DELETE FROM inbox i USING old o
    WHERE i.consumer = o.consumer AND i.tenant_id = o.tenant_id
      AND i.appointment_id = o.appointment_id AND i.version = o.version
    RETURNING 1)
  SELECT count(*)::int8 AS swept FROM gone`,
);

/** Deletes up to `limit` keys first used longer ago than `olderThanHours`; answers how many. */
export async function sweepIdempotencyKeys(
  queries: Queries,
  epoch: number,
  { olderThanHours, limit }: { olderThanHours: number; limit: number },
): Promise<number> {
  const [row] = await queries.run(sweepKeys, [epoch, olderThanHours, limit]);
  return row?.swept ?? 0;
}

/** Deletes up to `limit` inbox rows older than `olderThanDays`; answers how many. */
export async function sweepInboxRows(
  queries: Queries,
  epoch: number,
  { olderThanDays, limit }: { olderThanDays: number; limit: number },
): Promise<number> {
  const [row] = await queries.run(sweepInbox, [epoch, olderThanDays, limit]);
  return row?.swept ?? 0;
}
