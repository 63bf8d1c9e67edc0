import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';
import type { NotificationKey } from '../read/notification-details.ts';
import type { TaskFence, TaskOwner } from './tasks.ts';

/** The notification and the task that sends it: every statement checks that it is still ours. */
export interface NotificationInHand extends TaskOwner {
  task: TaskFence;
  key: NotificationKey;
}

export interface SendingMark {
  message_id: string;
  ambiguous_sends: number;
}

const fence = `
  WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  fence AS MATERIALIZED (
    SELECT t.task_id FROM epoch, tasks t
    WHERE t.tenant_id = $3 AND t.task_id = $4 AND t.attempts = $5
      AND coalesce(t.lease_owner = $2, false)
    FOR UPDATE OF t)`;
const named = `n.tenant_id = $3 AND n.appointment_id = $6 AND n.version = $7 AND n.channel = $8
    AND n.recipient = $9`;

// Found in 'sending' means that an earlier send may have happened: it is counted before the next.
const markSending = statement<SendingMark>(
  'mark_notification_sending',
  `${fence}
  UPDATE notifications n SET state = 'sending', attempts = n.attempts + 1,
    ambiguous_sends = n.ambiguous_sends + (n.state = 'sending')::int,
    message_id = coalesce(n.message_id, $10)
  FROM fence WHERE ${named} AND n.state IN ('pending', 'sending', 'failed')
  RETURNING n.message_id, n.ambiguous_sends`,
);

const markNotSent = statement<{ state: string }>(
  'mark_notification_not_sent',
  `${fence}
  UPDATE notifications n SET state = $10, reason = $11
  FROM fence WHERE ${named} AND n.state <> 'sent'
  RETURNING n.state`,
);

const finish = statement<{ state: string }>(
  'finish_notification',
  `WITH epoch AS MATERIALIZED (SELECT assert_write_epoch($1) AS writable),
  fence AS (
    DELETE FROM tasks t USING epoch
    WHERE t.tenant_id = $3 AND t.task_id = $4 AND t.attempts = $5
      AND coalesce(t.lease_owner = $2, false)
    RETURNING t.task_id)
  UPDATE notifications n SET state = $10, reason = $11,
    sent_at = CASE WHEN $10 = 'sent' THEN now() END
  FROM fence WHERE ${named}
  RETURNING n.state`,
);

/**
 * Records that a send begins; undefined where the task is no longer ours or there is nothing to
 * send. The message id is that of the first attempt, if there was one.
 */
export async function markNotificationSending(
  queries: Queries,
  inHand: NotificationInHand,
  messageId: string,
): Promise<SendingMark | undefined> {
  const [row] = await queries.run(markSending, [...fenced(inHand), messageId]);
  return row;
}

/** Records that nothing was sent: 'pending' until the next attempt, or 'failed' for good. */
export async function markNotificationNotSent(
  queries: Queries,
  inHand: NotificationInHand,
  { state, reason }: { state: 'pending' | 'failed'; reason: string },
): Promise<void> {
  await queries.run(markNotSent, [...fenced(inHand), state, reason]);
}

/** Ends a notification and its task in one statement. False where the task is no longer ours. */
export async function finishNotification(
  queries: Queries,
  inHand: NotificationInHand,
  { state, reason }: { state: 'sent' | 'skipped'; reason: string | null },
): Promise<boolean> {
  const rows = await queries.run(finish, [...fenced(inHand), state, reason]);
  return rows.length > 0;
}

function fenced({ epoch, processId, task, key }: NotificationInHand): unknown[] {
  const { tenant_id, task_id, attempts } = task;
  const { appointment_id, version, channel, recipient } = key;
  return [
    epoch,
    processId,
    tenant_id,
    task_id,
    attempts,
    appointment_id,
    version,
    channel,
    recipient,
  ];
}
