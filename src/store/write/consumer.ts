import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

/** A cursor's move; it happens only if the cursor still stands at `old_position`. */
export interface CursorMove {
  shard: number;
  old_position: number;
  new_position: number;
}

/** One notification that an event asks for. */
export interface NotificationOrder {
  channel: 'email';
  /** A keyed hash: the row names nobody. */
  recipient: string;
  template: string;
  state: 'pending' | 'skipped';
  reason: string | null;
}

/** What becomes of one event, with its order where it is taken and asks for one. */
export interface ConsumedEvent extends Partial<NotificationOrder> {
  /** Nothing becomes of it unless this shard's cursor moved; null: it came by another way. */
  shard: number | null;
  tenant_id: string;
  appointment_id: string;
  version: number;
  type: string;
  traceparent: string | null;
  /** `hold`: something before it is not taken yet. `park`: it is poison. */
  outcome: 'take' | 'hold' | 'park';
  /** Where it is held or parked, its bytes. */
  event: string | null;
  /** Why it is parked. */
  poison: string | null;
}

// A consumer that is new begins at what the log still has.
const makeCursors = statement<never>(
  'make_cursors',
  `INSERT INTO consumer_cursors (consumer, shard, position)
  SELECT $2, s.shard, coalesce((
    SELECT min(l.position) - 1 FROM event_log l WHERE l.shard = s.shard), s.last_position)
  FROM outbox_shards s WHERE assert_write_epoch($1) AND NOT EXISTS (
    SELECT FROM consumer_cursors c WHERE c.consumer = $2 AND c.shard = s.shard)
  ON CONFLICT DO NOTHING`,
);

// Cursor, inbox, notification, task and what is held are one transaction: a crash leaves all of it
// or nothing. Where another process has moved a shard's cursor meanwhile, nothing of that shard is
// taken, and what another has taken by another way is not taken again.
const takeNotifications = statement<{ shard: number }>(
  'take_notifications',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  moved AS (
    UPDATE consumer_cursors c SET position = m.new_position
    FROM epoch, jsonb_to_recordset($3::jsonb) AS m (
      shard int2, old_position int8, new_position int8)
    WHERE c.consumer = $2 AND c.shard = m.shard AND c.position = m.old_position
    RETURNING c.shard),
  input AS MATERIALIZED (
    SELECT r.* FROM epoch, jsonb_to_recordset($4::jsonb) AS r (
      shard int2, tenant_id text, appointment_id uuid, version int, type text, traceparent text,
      outcome text, event text, poison text, channel text, recipient text, template text,
      state text, reason text)
    WHERE r.shard IS NULL OR (r.shard IN (SELECT shard FROM moved)) IS TRUE),
  taken AS (
    INSERT INTO inbox (consumer, tenant_id, appointment_id, version)
    SELECT $2, tenant_id, appointment_id, version FROM input WHERE outcome = 'take'
    ORDER BY tenant_id, appointment_id, version
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, appointment_id, version),
  fresh AS MATERIALIZED (
    SELECT i.* FROM input i
    WHERE i.channel IS NOT NULL AND ((i.tenant_id, i.appointment_id, i.version) IN (
      SELECT tenant_id, appointment_id, version FROM taken)) IS TRUE),
  notification AS (
    INSERT INTO notifications (tenant_id, appointment_id, version, channel, recipient, template,
      state, reason)
    SELECT tenant_id, appointment_id, version, channel, recipient, template, state, reason
    FROM fresh
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, appointment_id, version, state),
  task AS (
    INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, payload, actor,
      traceparent)
    SELECT tenant_id, 'notification', channel, appointment_id::text, appointment_id,
      jsonb_build_object('version', version, 'channel', channel, 'recipient', recipient),
      'worker', traceparent
    FROM fresh f WHERE ((f.tenant_id, f.appointment_id, f.version) IN (
      SELECT tenant_id, appointment_id, version FROM notification
      WHERE state = 'pending')) IS TRUE),
  released AS (
    DELETE FROM held_events h USING input i
    WHERE i.outcome = 'take' AND h.consumer = $2 AND h.tenant_id = i.tenant_id
      AND h.appointment_id = i.appointment_id AND h.version = i.version),
  waiting AS MATERIALIZED (
    SELECT w.* FROM input w WHERE w.outcome <> 'take' AND (
      SELECT i.version FROM inbox i WHERE i.consumer = $2 AND i.tenant_id = w.tenant_id
        AND i.appointment_id = w.appointment_id AND i.version = w.version) IS NULL),
  held AS (
    INSERT INTO held_events (consumer, tenant_id, appointment_id, version, type, event,
      traceparent, parked)
    SELECT $2, tenant_id, appointment_id, version, type, event, traceparent, outcome = 'park'
    FROM waiting
    ON CONFLICT (consumer, tenant_id, appointment_id, version)
      DO UPDATE SET parked = held_events.parked OR EXCLUDED.parked),
  buried AS (
    INSERT INTO dead_letters (tenant_id, task_id, lane, kind, ordering_key, appointment_id,
      payload, attempts, reason, actor, traceparent, created_at)
    SELECT tenant_id, nextval('tasks_task_id_seq'), 'event', $2, appointment_id::text,
      appointment_id, jsonb_build_object('version', version, 'type', type), 1, poison, 'worker',
      traceparent, now()
    FROM waiting WHERE outcome = 'park'
    ON CONFLICT DO NOTHING)
  SELECT shard FROM moved`,
);

/** Makes a consumer's cursors, at the beginning of the log where there are none. */
export async function makeConsumerCursors(
  queries: Queries,
  epoch: number,
  consumer: string,
): Promise<void> {
  await queries.run(makeCursors, [epoch, consumer]);
}

/**
 * Commits what becomes of a batch of events together with the cursors' moves. Answers the shards
 * whose cursors moved.
 */
export async function takeAsConsumer(
  queries: Queries,
  { epoch, consumer }: { epoch: number; consumer: string },
  taken: { moves: readonly CursorMove[]; events: readonly ConsumedEvent[] },
): Promise<Set<number>> {
  const values = [epoch, consumer, JSON.stringify(taken.moves), JSON.stringify(taken.events)];
  const rows = await queries.run(takeNotifications, values);
  return new Set(rows.map(({ shard }) => shard));
}
