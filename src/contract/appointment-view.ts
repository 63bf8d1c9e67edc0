import type { Appointment } from '../domain/appointment.ts';
import { isFinal, type AppointmentState } from '../domain/appointment-state.ts';
import { formatInstant } from '../domain/slot.ts';

export interface Warning {
  code: string;
  message: string;
}

/** An appointment as clients see it. Instants are `YYYY-MM-DDTHH:MM:SSZ`. */
export interface AppointmentView {
  id: string;
  version: number;
  state: AppointmentState;
  customer_id: string;
  slot: { start_time: string; end_time: string };
  service_type: string;
  location: string | null;
  resource_id: string | null;
  metadata: Record<string, unknown>;
  reason: string | null;
  created_at: string;
  updated_at: string;
  links: { self: string; timeline: string; cancel: string | null };
  warnings: Warning[] | null;
}

export function appointmentView(appointment: Appointment, warnings?: Warning[]): AppointmentView {
  const self = `/v1/appointments/${appointment.id}`;
  return {
    id: appointment.id,
    version: appointment.version,
    state: appointment.state,
    customer_id: appointment.customerId,
    slot: {
      start_time: formatInstant(appointment.start),
      end_time: formatInstant(appointment.end),
    },
    service_type: appointment.serviceType,
    location: appointment.location,
    resource_id: appointment.resourceId,
    metadata: parseMetadata(appointment.metadata),
    reason: appointment.reason,
    created_at: formatInstant(appointment.createdAt),
    updated_at: formatInstant(appointment.updatedAt),
    links: {
      self,
      timeline: `${self}/timeline`,
      cancel: isFinal(appointment.state) ? null : `${self}/cancel`,
    },
    warnings: warnings ?? null,
  };
}

function parseMetadata(text: string | null): Record<string, unknown> {
  return text === null ? {} : (JSON.parse(text) as Record<string, unknown>);
}
