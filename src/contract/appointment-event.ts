import { outboxShard, ownReasons, type Appointment } from '../domain/appointment.ts';
import type { EventName } from '../domain/appointment-state.ts';
import { formatInstant } from '../domain/slot.ts';

/** What an event needs beside the appointment as it is after the transition. */
export interface EventContext {
  name: EventName;
  traceparent: string | null;
  /** Set where the transition changed a hold: the region's order of such changes. */
  hold?: { region: string; position: number };
  previous?: { start: number; end: number; resourceId: string | null };
}

/** An event as it is stored in the outbox: `bytes` is final from here on. */
export interface OutboxEvent {
  type: string;
  shard: number;
  bytes: string;
}

/**
 * CloudEvents 1.0 in JSON. `data` is the appointment without metadata and without any text that a
 * person typed: `reason` only where it is one of our codes, `location` only where it is an id.
 */
export function appointmentEvent(appointment: Appointment, context: EventContext): OutboxEvent {
  const type = `appointment.${context.name}.v1`;
  const event = {
    specversion: '1.0',
    id: `${appointment.id}:${appointment.version}`,
    source: `/tenants/${appointment.tenantId}`,
    type,
    subject: appointment.id,
    time: formatInstant(appointment.updatedAt),
    datacontenttype: 'application/json',
    sequence: appointment.version,
    partitionkey: appointment.id,
    traceparent: context.traceparent ?? undefined,
    region: context.hold?.region,
    position: context.hold?.position,
    data: eventData(appointment, context.previous),
  };
  return { type, shard: outboxShard(appointment.id), bytes: JSON.stringify(event) };
}

function eventData(appointment: Appointment, previous: EventContext['previous']): object {
  const { reason } = appointment;
  return {
    id: appointment.id,
    version: appointment.version,
    state: appointment.state,
    customer_id: appointment.customerId,
    slot: slotView(appointment),
    service_type: appointment.serviceType,
    location: appointment.locationKnown ? appointment.location : null,
    resource_id: appointment.resourceId,
    reason: reason !== null && ownReasons.has(reason) ? reason : null,
    created_at: formatInstant(appointment.createdAt),
    updated_at: formatInstant(appointment.updatedAt),
    ...(previous && {
      previous: { slot: slotView(previous), resource_id: previous.resourceId },
    }),
  };
}

function slotView({ start, end }: { start: number; end: number }): object {
  return { start_time: formatInstant(start), end_time: formatInstant(end) };
}
