import type { ConsumeMessage, Options } from 'amqplib';
import type { BusEvent, Delivery } from '../bus.ts';
import { eventId, eventOf } from '../event-id.ts';

/** How an event travels: its bytes are the body, and whatever else is said goes beside them. */
export function messageOptions(event: BusEvent): Options.Publish {
  const { type, tenantId, traceparent, attempt } = event;
  return {
    persistent: true,
    mandatory: true,
    contentType: 'application/cloudevents+json',
    messageId: eventId(event),
    type,
    headers: {
      'x-attempt': attempt,
      'x-tenant': tenantId,
      ...(traceparent !== null && { traceparent }),
    },
  };
}

/** Undefined for a message that is none of ours. */
export function deliveryOf(message: ConsumeMessage): Omit<Delivery, 'settle'> | undefined {
  const { properties, content } = message;
  const { messageId: id, type, headers = {} } = properties;
  const { 'x-tenant': tenantId, traceparent } = headers;
  const identity = eventOf({ id, tenantId, type });
  if (identity === undefined) return undefined;
  return {
    ...identity,
    bytes: content.toString('utf8'),
    traceparent: typeof traceparent === 'string' ? traceparent : null,
  };
}
