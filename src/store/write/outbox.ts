import type { Queries } from '../../io/postgres.ts';
import { auditEntries, type ChangedBy } from '../audit-entries.ts';
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

// Renews what is ours and takes what is free, up to our share among the relays that live, and lets
// go of what is beyond it. The rows are locked in order of shard, as the confirm locks them, so
// that the two never wait for each other in turn.
const holdShards = statement<ShardLease & { held: boolean }>(
  'hold_shards',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  me AS (
    INSERT INTO outbox_relays (process_id, session_key, lease_expires_at)
    SELECT $2, $3, now() + make_interval(secs => $4) FROM epoch
    ON CONFLICT (process_id) DO UPDATE
      SET session_key = EXCLUDED.session_key, lease_expires_at = EXCLUDED.lease_expires_at),
  forgotten AS (
    DELETE FROM outbox_relays
    WHERE process_id <> $2 AND lease_expires_at < now() - interval '1 hour'),
  gone AS MATERIALIZED (
    SELECT session_key FROM (
      SELECT owner_session AS session_key FROM outbox_shards
      WHERE owner <> $2 AND owner_session IS NOT NULL
      UNION
      SELECT session_key FROM outbox_relays WHERE process_id <> $2 AND session_key IS NOT NULL) s
    WHERE session_is_gone(session_key)),
  share AS MATERIALIZED (
    SELECT ceil(64.0 / (1 + count(*)))::int AS size FROM outbox_relays r
    WHERE r.process_id <> $2 AND r.lease_expires_at > now()
      AND (r.session_key IN (SELECT session_key FROM gone)) IS NOT TRUE),
  free AS MATERIALIZED (
    SELECT s.shard, (s.owner = $2) IS TRUE AS mine FROM epoch, outbox_shards s
    WHERE s.owner IS NULL OR s.owner = $2 OR s.lease_expires_at < now()
      OR (s.owner_session IN (SELECT session_key FROM gone)) IS TRUE
    ORDER BY s.shard FOR UPDATE OF s),
  kept AS MATERIALIZED (
    SELECT shard FROM free ORDER BY mine DESC, shard LIMIT (SELECT size FROM share)),
  settled AS MATERIALIZED (
    SELECT f.shard, f.mine, f.shard IN (SELECT shard FROM kept) AS held FROM free f)
  UPDATE outbox_shards s SET
    owner = CASE WHEN f.held THEN $2::uuid END,
    owner_session = CASE WHEN f.held THEN $3::int8 END,
    token = s.token + CASE WHEN f.mine THEN 0 ELSE 1 END,
    lease_expires_at = CASE WHEN f.held THEN now() + make_interval(secs => $4) ELSE '-infinity' END
  FROM settled f WHERE s.shard = f.shard AND (f.held OR f.mine)
  RETURNING s.shard, s.token, f.held`,
);

const releaseShards = statement<never>(
  'release_shards',
  `WITH gone AS (DELETE FROM outbox_relays WHERE process_id = $2 AND assert_write_epoch($1))
  UPDATE outbox_shards SET owner = NULL, owner_session = NULL, lease_expires_at = '-infinity'
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

const unparkAppointments = statement<{ appointment_id: string }>(
  'unpark_appointments',
  `WITH freed AS (
    DELETE FROM outbox_parked p USING jsonb_to_recordset($2::jsonb) AS r (
      tenant_id text, appointment_id uuid)
    WHERE p.tenant_id = r.tenant_id AND p.appointment_id = r.appointment_id
      AND assert_write_epoch($1)
    RETURNING p.tenant_id, p.appointment_id),
  audited AS (${auditEntries({
    ...{ action: `'unpark-appointment'`, tenant: 'tenant_id', subject: 'appointment_id::text' },
    ...{ actor: '$3', requestId: '$4', from: 'freed' },
  })})
  SELECT appointment_id FROM freed`,
);

const countAttempts = statement<never>(
  'count_outbox_attempts',
  `UPDATE outbox o SET attempts = o.attempts + 1
  FROM jsonb_to_recordset($2::jsonb) AS r (shard int2, id int8)
  WHERE o.shard = r.shard AND o.outbox_id = r.id AND assert_write_epoch($1)`,
);

/**
 * Renews and acquires shards up to this process's share of them; answers all that it owns now.
 * With n living relays a share is 64 / n, rounded up.
 */
export async function holdOutboxShards(
  queries: Queries,
  epoch: number,
  owner: OutboxOwner,
): Promise<ShardLease[]> {
  const values = [epoch, owner.processId, owner.sessionKey, owner.leaseSeconds];
  const rows = await queries.run(holdShards, values);
  return rows.filter(({ held }) => held).map(({ shard, token }) => ({ shard, token }));
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

/** Lets the events of parked appointments be published again; answers those that there were. */
export async function unparkInOutbox(
  queries: Queries,
  epoch: number,
  change: {
    appointments: readonly Pick<ParkedAppointment, 'tenant_id' | 'appointment_id'>[];
    by: ChangedBy;
  },
): Promise<Set<string>> {
  const { appointments, by } = change;
  const values = [epoch, JSON.stringify(appointments), by.actor, by.requestId];
  const rows = await queries.run(unparkAppointments, values);
  return new Set(rows.map(({ appointment_id }) => appointment_id));
}

/** Counts an attempt to publish that the bus did not confirm. */
export async function countOutboxAttempts(
  queries: Queries,
  epoch: number,
  events: readonly { shard: number; outboxId: number }[],
): Promise<void> {
  const rows = events.map(({ shard, outboxId }) => ({ shard, id: outboxId }));
  await queries.run(countAttempts, [epoch, JSON.stringify(rows)]);
}
