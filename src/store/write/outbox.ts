import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface ShardLease {
  shard: number;
  /** Grows with every change of owner; the confirm checks it. */
  token: number;
}

/** The process that takes leases: `sessionKey` names the lock that shows it to be alive. */
export interface OutboxOwner {
  processId: string;
  sessionKey: number | null;
  leaseSeconds: number;
}

/** Events of one shard that the bus has confirmed. */
export interface ConfirmedRun extends ShardLease {
  ids: number[];
}

export interface ParkedAppointment {
  tenant_id: string;
  appointment_id: string;
  shard: number;
  reason: string;
}

// Renews what is ours and takes what is free, in one statement over all 64 rows. They are locked
// in order of shard, as the confirm locks them, so that the two never wait for each other in turn.
const holdShards = statement<ShardLease>(
  'hold_shards',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  gone AS MATERIALIZED (
    SELECT owner_session FROM (
      SELECT DISTINCT owner_session FROM outbox_shards
      WHERE owner <> $2 AND owner_session IS NOT NULL) s
    WHERE session_is_gone(owner_session)),
  free AS MATERIALIZED (
    SELECT s.shard FROM epoch, outbox_shards s
    WHERE s.owner IS NULL OR s.owner = $2 OR s.lease_expires_at < now()
      OR (s.owner_session IN (SELECT owner_session FROM gone)) IS TRUE
    ORDER BY s.shard FOR UPDATE OF s)
  UPDATE outbox_shards s SET owner = $2, owner_session = $3,
    token = s.token + CASE WHEN s.owner = $2 THEN 0 ELSE 1 END,
    lease_expires_at = now() + make_interval(secs => $4)
  FROM free WHERE s.shard = free.shard
  RETURNING s.shard, s.token`,
);

const releaseShards = statement<never>(
  'release_shards',
  `UPDATE outbox_shards SET owner = NULL, owner_session = NULL, lease_expires_at = '-infinity'
  WHERE owner = $2 AND assert_write_epoch($1)`,
);

// The fence is locked before anything is deleted, and the positions follow from what was really
// deleted: a confirm that runs twice, or beside a deposed owner's, leaves neither gap nor double.
const confirmOutbox = statement<{ shard: number; moved: number }>(
  'confirm_outbox',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  runs AS MATERIALIZED (
    SELECT r.* FROM epoch, jsonb_to_recordset($3::jsonb) AS r (
      shard int2, token int8, ids int8[])
    ORDER BY r.shard),
  fence AS MATERIALIZED (
    SELECT s.shard, s.last_position, r.ids
    FROM runs r JOIN outbox_shards s ON s.shard = r.shard
    WHERE s.owner = $2 AND s.token = r.token
    ORDER BY s.shard FOR UPDATE OF s),
  moved AS (
    DELETE FROM outbox o USING (
      SELECT f.shard, f.last_position, i.id FROM fence f CROSS JOIN unnest(f.ids) AS i (id)) f
    WHERE o.shard = f.shard AND o.outbox_id = f.id
    RETURNING o.*, f.last_position),
  placed AS MATERIALIZED (
    SELECT m.*, m.last_position
      + row_number() OVER (PARTITION BY m.shard ORDER BY m.outbox_id) AS position
    FROM moved m),
  appended AS (
    INSERT INTO event_log (shard, position, tenant_id, appointment_id, version, type, event,
      traceparent, created_at)
    SELECT shard, position, tenant_id, appointment_id, version, type, event, traceparent, created_at
    FROM placed)
  UPDATE outbox_shards s SET last_position = p.position
  FROM (SELECT shard, max(position) AS position, count(*) AS moved FROM placed GROUP BY shard) p
  WHERE s.shard = p.shard
  RETURNING s.shard, p.moved`,
);

const parkAppointments = statement<never>(
  'park_appointments',
  `INSERT INTO outbox_parked (tenant_id, appointment_id, shard, reason)
  SELECT p.* FROM jsonb_to_recordset($2::jsonb) AS p (
    tenant_id text, appointment_id uuid, shard int2, reason text)
  WHERE assert_write_epoch($1)
  ON CONFLICT DO NOTHING`,
);

const makePartitions = statement<{ made: number }>(
  'make_event_log_partitions',
  `SELECT create_event_log_partitions($1) AS made`,
);

/** Renews and acquires shards; answers all that this process owns now. */
export function holdOutboxShards(
  queries: Queries,
  epoch: number,
  owner: OutboxOwner,
): Promise<ShardLease[]> {
  const values = [epoch, owner.processId, owner.sessionKey, owner.leaseSeconds];
  return queries.run(holdShards, values);
}

export async function releaseOutboxShards(
  queries: Queries,
  epoch: number,
  processId: string,
): Promise<void> {
  await queries.run(releaseShards, [epoch, processId]);
}

/**
 * Moves confirmed events from the outbox to the event log, giving each its shard's next position.
 * Answers how many were moved per shard; a shard that has another owner by now is passed over.
 */
export function confirmOutboxRuns(
  queries: Queries,
  epoch: number,
  { processId, runs }: { processId: string; runs: readonly ConfirmedRun[] },
): Promise<{ shard: number; moved: number }[]> {
  return queries.run(confirmOutbox, [epoch, processId, JSON.stringify(runs)]);
}

/** Sets aside appointments whose event the bus refused, with all their later events. */
export async function parkOutbox(
  queries: Queries,
  epoch: number,
  appointments: readonly ParkedAppointment[],
): Promise<void> {
  await queries.run(parkAppointments, [epoch, JSON.stringify(appointments)]);
}

/** Makes the event log's partitions for this week and `weeksAhead` more; answers how many. */
export async function makeOutboxPartitions(queries: Queries, weeksAhead: number): Promise<number> {
  const [row] = await queries.run(makePartitions, [weeksAhead]);
  return row?.made ?? 0;
}
