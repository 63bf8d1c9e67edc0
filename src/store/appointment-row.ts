import type { Appointment, RefusalProof } from '../domain/appointment.ts';
import type { AppointmentState } from '../domain/appointment-state.ts';

/** Columns of an appointment under the alias `a`, in the shape of `AppointmentRow`. */
export const appointmentColumns = `
  a.tenant_id, a.appointment_id, a.version, a.state, a.customer_id,
  date_part('epoch', a.start_at)::int8 AS start_s, date_part('epoch', a.end_at)::int8 AS end_s,
  a.service_type, a.location, a.location_known, a.requested_resource_id, a.resource_id, a.region,
  convert_from(a.metadata, 'UTF8') AS metadata, a.reason, a.proof,
  floor(date_part('epoch', a.created_at))::int8 AS created_s,
  floor(date_part('epoch', a.updated_at))::int8 AS updated_s`;

export interface AppointmentRow {
  tenant_id: string;
  appointment_id: string;
  version: number;
  state: AppointmentState;
  customer_id: string;
  start_s: number;
  end_s: number;
  service_type: string;
  location: string | null;
  location_known: boolean;
  requested_resource_id: string | null;
  resource_id: string | null;
  region: string;
  metadata: string | null;
  reason: string | null;
  proof: RefusalProof | null;
  created_s: number;
  updated_s: number;
}

export function toAppointment(row: AppointmentRow): Appointment {
  return {
    tenantId: row.tenant_id,
    id: row.appointment_id,
    version: row.version,
    state: row.state,
    customerId: row.customer_id,
    start: row.start_s,
    end: row.end_s,
    serviceType: row.service_type,
    location: row.location,
    locationKnown: row.location_known,
    requestedResourceId: row.requested_resource_id,
    resourceId: row.resource_id,
    region: row.region,
    metadata: row.metadata,
    reason: row.reason,
    proof: row.proof,
    createdAt: row.created_s,
    updatedAt: row.updated_s,
  };
}
