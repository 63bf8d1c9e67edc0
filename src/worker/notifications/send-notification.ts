import { isMailAddress, MailFailure, type Mail } from '../../io/mail/mail.ts';
import {
  findNotificationDetails,
  type NotificationDetails,
  type NotificationKey,
} from '../../store/read/notification-details.ts';
import {
  finishNotification,
  markNotificationNotSent,
  markNotificationSending,
  type NotificationInHand,
} from '../../store/write/notifications.ts';
import { finishTasks } from '../../store/write/tasks.ts';
import { crashPoints } from '../crash-points.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { isNobodysFault } from '../nobodys-fault.ts';
import type { RunningTask } from '../running-tasks.ts';
import type { FailedTask } from '../settle-failures.ts';
import { thirdPartyCall } from '../third-party-call.ts';
import { confirmationMail } from './confirmation-mail.ts';

/**
 * Sends one notification, at least once, and at most once unless a send was ambiguous.
 *
 *   pending ──mark──> sending ──server took it──> sent (with the task deleted)
 *      ^                │ │ └──refused for good──> failed
 *      └──not sent──────┘ └──nobody knows──> stays sending: the next attempt counts an ambiguous
 *                                            send and repeats it under the same Message-ID
 *
 * The mark comes before the send, so that a crash in between is found as ambiguous, not as new.
 */
export async function sendNotification(
  dependencies: WorkerDependencies,
  task: RunningTask,
): Promise<FailedTask | undefined> {
  const { row } = task;
  const key = keyOf(task);
  if (key === undefined) return { row, reason: 'malformed payload', permanent: true };
  const { database, epoch, identity } = dependencies;
  const { processId } = identity;
  const inHand: NotificationInHand = { epoch: epoch.current(), processId, task: row, key };
  const details = await findNotificationDetails(database, key);
  if (details === undefined) return { row, reason: 'no such notification', permanent: true };
  if (details.state === 'sent' || details.state === 'skipped') {
    await finishTasks(database, inHand, [row]);
    return undefined;
  }
  const skip = reasonToSkip(dependencies, details);
  if (skip !== undefined) {
    if (await finishNotification(database, inHand, { state: 'skipped', reason: skip })) {
      count(dependencies, 'skipped');
    }
    return undefined;
  }
  return deliver(dependencies, { task, inHand, details });
}

interface Delivery {
  task: RunningTask;
  inHand: NotificationInHand;
  details: NotificationDetails;
}

async function deliver(
  dependencies: WorkerDependencies,
  { task, inHand, details }: Delivery,
): Promise<FailedTask | undefined> {
  const { database, mailer, log } = dependencies;
  const { appointment_id, version, channel } = inHand.key;
  const messageId = `<${appointment_id}.${version}.${channel}@${mailer.domain}>`;
  const mark = await markNotificationSending(database, inHand, messageId);
  if (mark === undefined) return undefined;
  if (mark.ambiguous_sends > 0) {
    log.warn(
      { component: 'notifications', appointment_id, version },
      'an ambiguous send is repeated',
    );
  }
  await crashPoints.beforeSend(dependencies);
  try {
    const mail = mailOf(inHand.key, details, mark.message_id);
    await thirdPartyCall(dependencies, () => mailer.send(mail, task.signal));
  } catch (error) {
    return notSent(dependencies, { task, inHand, details }, error);
  }
  await crashPoints.afterSend(dependencies);
  if (await finishNotification(database, inHand, { state: 'sent', reason: null })) {
    count(dependencies, 'sent');
  }
  return undefined;
}

async function notSent(
  dependencies: WorkerDependencies,
  { task, inHand }: Delivery,
  error: unknown,
): Promise<FailedTask> {
  const { database, config } = dependencies;
  const { row } = task;
  const kind = error instanceof MailFailure ? error.kind : 'ambiguous';
  const reason = error instanceof MailFailure ? error.message : 'mail';
  const last = row.attempts >= config.retry.maxAttempts;
  if (kind === 'refused' || last) {
    await markNotificationNotSent(database, inHand, { state: 'failed', reason });
    count(dependencies, 'failed');
    return { row, reason, permanent: true };
  }
  if (kind === 'not-sent') {
    await markNotificationNotSent(database, inHand, { state: 'pending', reason });
  }
  return { row, reason };
}

/** Runs a batch side by side; one that throws fails alone, unless it was nobody's fault. */
export async function sendNotifications(
  dependencies: WorkerDependencies,
  tasks: readonly RunningTask[],
): Promise<FailedTask[]> {
  const results = await Promise.allSettled(
    tasks.map((task) => sendNotification(dependencies, task)),
  );
  const failures: FailedTask[] = [];
  for (const [index, result] of results.entries()) {
    const task = tasks[index];
    if (task === undefined) continue;
    if (result.status === 'fulfilled') {
      if (result.value !== undefined) failures.push(result.value);
    } else if (!isNobodysFault(result.reason)) {
      const reason = result.reason instanceof Error ? result.reason.message : 'failed';
      failures.push({ row: task.row, reason });
    }
  }
  return failures;
}

function reasonToSkip(
  { mailer }: WorkerDependencies,
  details: NotificationDetails,
): string | undefined {
  if (!mailer.configured) return 'smtp-not-configured';
  if (!details.customer_known) return 'customer-unknown';
  if (details.erased) return 'customer-erased';
  if (details.email === null || details.email === '') return 'no-address';
  return isMailAddress(details.email) ? undefined : 'address-not-valid';
}

function mailOf(key: NotificationKey, details: NotificationDetails, messageId: string): Mail {
  return { messageId, to: details.email ?? '', ...confirmationMail(key.appointment_id, details) };
}

function keyOf({ row }: RunningTask): NotificationKey | undefined {
  const { version, channel, recipient } = (row.payload ?? {}) as Record<string, unknown>;
  const { tenant_id, appointment_id } = row;
  if (typeof version !== 'number' || channel !== 'email' || appointment_id === null)
    return undefined;
  if (typeof recipient !== 'string') return undefined;
  return { tenant_id, appointment_id, version, channel, recipient };
}

function count({ metrics }: WorkerDependencies, outcome: 'sent' | 'skipped' | 'failed'): void {
  metrics.notifications.inc({ channel: 'email', outcome });
}
