import type { PollingLoop } from '../io/polling-loop.ts';
import { hmacSha256 } from '../io/random.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { eventConsumer } from './event-consumer.ts';
import type { FeedEvent } from './event-feed.ts';

/** Transitions that people are told of, with the template that tells them. */
const templates: ReadonlyMap<string, string> = new Map([
  ['appointment.confirmed.v1', 'confirmation'],
]);

/**
 * Turns events into notifications with a task each. Where no mail server is configured, they are
 * recorded as skipped at once and make no task. Imported events are not of these types: whoever
 * booked elsewhere was told there.
 */
export function notificationConsumer(
  dependencies: WorkerDependencies,
  onTaken: () => void,
): PollingLoop {
  const { mailer, recipientKey } = dependencies;
  return eventConsumer(dependencies, {
    consumer: 'notification',
    types: [...templates.keys()],
    onTaken,
    order: (event) => {
      const template = templates.get(event.type);
      if (template === undefined) return undefined;
      return {
        channel: 'email',
        recipient: recipientHash(recipientKey, event),
        template,
        ...(mailer.configured
          ? { state: 'pending', reason: null }
          : { state: 'skipped', reason: 'smtp-not-configured' }),
      };
    },
  });
}

/** Stands for the customer, not for an address: a new address is not a new recipient. */
function recipientHash(key: string, event: FeedEvent): string {
  const { data } = JSON.parse(event.event) as { data?: { customer_id?: unknown } };
  const customerId = data?.customer_id;
  if (typeof customerId !== 'string') throw new Error('the event names no customer');
  return hmacSha256(key, `${event.tenant_id}\n${customerId}`).toString('base64url');
}
