import type { Appointment } from '../../../src/domain/appointment.ts';
import type { AppointmentState } from '../../../src/domain/appointment-state.ts';
import type { Queries, Statement } from '../../../src/io/postgres.ts';

interface Row {
  appointment_id: string;
  version: number;
  state: AppointmentState;
  customer_id: string;
  start_s: number;
  end_s: number;
  service_type: string;
  resource_id: string;
  metadata: string | null;
  created_s: number;
  updated_s: number;
}

const findById: Statement<Row> = {
  name: 'find_appointment',
  text: `SELECT appointment_id, version, state, customer_id, service_type, resource_id, metadata,
      date_part('epoch', start_at) AS start_s, date_part('epoch', end_at) AS end_s,
      date_part('epoch', created_at) AS created_s, date_part('epoch', updated_at) AS updated_s
    FROM appointments WHERE appointment_id = $1`,
};

export async function findAppointment(queries: Queries, id: string): Promise<Appointment> {
  const [row] = await queries.run(findById, [id]);
  if (row === undefined) throw new Error('a key names no appointment');
  return {
    tenantId: 'default',
    id: row.appointment_id,
    version: row.version,
    state: row.state,
    customerId: row.customer_id,
    start: row.start_s,
    end: row.end_s,
    serviceType: row.service_type,
    location: null,
    locationKnown: false,
    requestedResourceId: null,
    resourceId: row.resource_id,
    region: 'default',
    metadata: row.metadata,
    reason: null,
    proof: null,
    createdAt: row.created_s,
    updatedAt: row.updated_s,
  };
}
