import type { BusEvent, Delivery } from '../bus.ts';
import { eventId, eventOf } from '../event-id.ts';
import type { KafkaMessage } from './rdkafka.ts';

/** What is said beside the bytes of an event. */
export function kafkaRecordHeaders(event: BusEvent): Record<string, string>[] {
  const { type, tenantId, traceparent, attempt } = event;
  return [
    { 'content-type': 'application/cloudevents+json' },
    { 'message-id': eventId(event) },
    { type },
    { 'x-tenant': tenantId },
    { 'x-attempt': String(attempt) },
    ...(traceparent === null ? [] : [{ traceparent }]),
  ];
}

/** Undefined for a message that is none of ours. */
export function deliveryOfKafkaRecord(message: KafkaMessage): Omit<Delivery, 'settle'> | undefined {
  const pairs = (message.headers ?? []).flatMap((header) => Object.entries(header));
  const headers = new Map(pairs.map(([name, value]) => [name, value.toString()]));
  const identity = eventOf({
    id: headers.get('message-id'),
    tenantId: headers.get('x-tenant'),
    type: headers.get('type'),
  });
  if (identity === undefined || message.value === null) return undefined;
  const traceparent = headers.get('traceparent') ?? null;
  return { ...identity, bytes: message.value.toString('utf8'), traceparent };
}
