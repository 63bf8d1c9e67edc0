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
  shard: number;
  tenant_id: string;
  appointment_id: string;
  version: number;
  channel: 'email';
  /** A keyed hash: the row names nobody. */
  recipient: string;
  template: string;
  state: 'pending' | 'skipped';
  reason: string | null;
  traceparent: string | null;
}

const makeCursors = statement<never>(
  'make_cursors',
  `INSERT INTO consumer_cursors (consumer, shard)
  SELECT $2, shard FROM outbox_shards WHERE assert_write_epoch($1)
  ON CONFLICT DO NOTHING`,
);

// Cursor, inbox, notification and task are one transaction: a crash leaves all of it or nothing.
// Where another process has moved a shard's cursor meanwhile, nothing of that shard is taken.
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
    SELECT r.* FROM jsonb_to_recordset($4::jsonb) AS r (
      shard int2, tenant_id text, appointment_id uuid, version int, channel text, recipient text,
      template text, state text, reason text, traceparent text)
    WHERE (r.shard IN (SELECT shard FROM moved)) IS TRUE),
  taken AS (
    INSERT INTO inbox (consumer, tenant_id, appointment_id, version)
    SELECT $2, tenant_id, appointment_id, version FROM input
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, appointment_id, version),
  fresh AS MATERIALIZED (
    SELECT i.* FROM input i WHERE ((i.tenant_id, i.appointment_id, i.version) IN (
      SELECT tenant_id, appointment_id, version FROM taken)) IS TRUE),
  notification AS (
    INSERT INTO notifications (tenant_id, appointment_id, version, channel, recipient, template,
      state, reason)
    SELECT tenant_id, appointment_id, version, channel, recipient, template, state, reason
    FROM fresh
    ON CONFLICT DO NOTHING),
  task AS (
    INSERT INTO tasks (tenant_id, lane, kind, ordering_key, appointment_id, payload, actor,
      traceparent)
    SELECT tenant_id, 'notification', channel, appointment_id::text, appointment_id,
      jsonb_build_object('version', version, 'channel', channel, 'recipient', recipient),
      'worker', traceparent
    FROM fresh WHERE state = 'pending')
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

/** Moves cursors on, with what the events passed ask for. Answers the shards that moved. */
export async function takeAsConsumer(
  queries: Queries,
  { epoch, consumer }: { epoch: number; consumer: string },
  taken: { moves: readonly CursorMove[]; orders: readonly NotificationOrder[] },
): Promise<Set<number>> {
  const values = [epoch, consumer, JSON.stringify(taken.moves), JSON.stringify(taken.orders)];
  const rows = await queries.run(takeNotifications, values);
  return new Set(rows.map(({ shard }) => shard));
}
