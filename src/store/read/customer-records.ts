import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

const customerRecord = statement<{ customer: string | null; appointments: number }>(
  'customer_record',
  `SELECT
    (SELECT (to_jsonb(c) - 'tenant_id')::text FROM customers c
      WHERE c.tenant_id = $1 AND c.customer_id = $2) AS customer,
    (SELECT count(*) FROM appointments a
      WHERE a.tenant_id = $1 AND a.customer_id = $2)::int8 AS appointments`,
);

const rowsOf = (table: string, order: string, omitted = ''): string => `coalesce((
      SELECT jsonb_agg(to_jsonb(r) - '{tenant_id,appointment_id${omitted}}'::text[]
        ORDER BY ${order})
      FROM ${table} r WHERE r.tenant_id = a.tenant_id
        AND r.appointment_id = a.appointment_id), '[]')`;

// The whole of each row, so that a column that comes later is in it.
const recordsOfCustomer = statement<{ appointment_id: string; record: string }>(
  'records_of_customer',
  `SELECT a.appointment_id, (to_jsonb(a) - '{tenant_id,metadata_key_id}'::text[]
    || jsonb_build_object(
      'metadata', convert_from(a.metadata, 'UTF8')::jsonb,
      'history', ${rowsOf('appointment_history', 'r.version')},
      'commands', ${rowsOf('commands', 'r.accepted_seq')},
      'sagas', ${rowsOf('sagas', 'r.created_at')},
      'notifications', ${rowsOf('notifications', 'r.version, r.channel')},
      'tasks', ${rowsOf('tasks', 'r.task_id', ',lease_owner,lease_session,lease_expires_at')},
      'dead_letters', ${rowsOf('dead_letters', 'r.task_id')},
      'events', ${rowsOf('event_log', 'r.version')},
      'hold', (SELECT to_jsonb(r) - '{tenant_id,appointment_id}'::text[] FROM slot_holds r
        WHERE r.tenant_id = a.tenant_id AND r.appointment_id = a.appointment_id),
      'idempotency_keys', coalesce((
        SELECT jsonb_agg(to_jsonb(r) - 'tenant_id' ORDER BY r.first_used_at)
        FROM idempotency_keys r JOIN commands c ON c.tenant_id = r.tenant_id
          AND c.command_id = r.command_id
        WHERE c.tenant_id = a.tenant_id AND c.appointment_id = a.appointment_id), '[]')))::text
      AS record
  FROM appointments a
  WHERE a.tenant_id = $1 AND a.customer_id = $2 AND a.appointment_id > $3
  ORDER BY a.appointment_id LIMIT $4`,
);

const auditOfCustomer = statement<{ entry: string }>(
  'audit_of_customer',
  `SELECT (to_jsonb(e) - 'tenant_id')::text AS entry FROM audit_entries e
  WHERE e.tenant_id = $1 AND e.subject = $2::uuid::text ORDER BY e.at, e.entry_id`,
);

const appointmentPage = statement<{ appointment_id: string }>(
  'appointment_ids_of_customer',
  `SELECT a.appointment_id FROM appointments a
  WHERE a.tenant_id = $1 AND a.customer_id = $2 AND a.appointment_id > $3
  ORDER BY a.appointment_id LIMIT $4`,
);

// A command that is undecided may still bring text; what lies ahead needs what it is about.
const openAppointments = statement<{ appointment_id: string; cancellable: boolean }>(
  'open_appointments_of_customer',
  `SELECT a.appointment_id, NOT c.pending AS cancellable
  FROM appointments a CROSS JOIN LATERAL (
    SELECT EXISTS (
      SELECT FROM commands c WHERE c.tenant_id = a.tenant_id
        AND c.appointment_id = a.appointment_id AND c.state = 'pending') AS pending) c
  WHERE a.tenant_id = $1 AND a.customer_id = $2 AND (c.pending
    OR a.end_at > now() AND a.state NOT IN ('COMPLETED', 'CANCELLED', 'FAILED'))
  ORDER BY a.appointment_id LIMIT $3`,
);

export interface CustomerKey {
  tenantId: string;
  customerId: string;
}

/** Where a list of appointments goes on. */
export interface AfterAppointment {
  after: string;
  limit: number;
}

/** The customer's own row as JSON text, null without one, and how many appointments there are. */
export async function findCustomerRecord(
  queries: Queries,
  { tenantId, customerId }: CustomerKey,
): Promise<{ customer: string | null; appointments: number }> {
  const [row] = await queries.run(customerRecord, [tenantId, customerId]);
  return row ?? { customer: null, appointments: 0 };
}

/** Appointments with everything that belongs to them, as JSON text, in order of id. */
export function findCustomerAppointments(
  queries: Queries,
  { tenantId, customerId }: CustomerKey,
  { after, limit }: AfterAppointment,
): Promise<{ appointment_id: string; record: string }[]> {
  return queries.run(recordsOfCustomer, [tenantId, customerId, after, limit]);
}

/** The admin entries about a customer as JSON text, in order of time. */
export async function findCustomerAudit(
  queries: Queries,
  { tenantId, customerId }: CustomerKey,
): Promise<string[]> {
  const rows = await queries.run(auditOfCustomer, [tenantId, customerId]);
  return rows.map(({ entry }) => entry);
}

export async function findCustomerAppointmentIds(
  queries: Queries,
  { tenantId, customerId }: CustomerKey,
  { after, limit }: AfterAppointment,
): Promise<string[]> {
  const rows = await queries.run(appointmentPage, [tenantId, customerId, after, limit]);
  return rows.map(({ appointment_id }) => appointment_id);
}

/** Appointments that lie ahead or have an undecided command: the latter are not `cancellable`. */
export function findCustomerOpen(
  queries: Queries,
  { tenantId, customerId }: CustomerKey,
  limit: number,
): Promise<{ appointment_id: string; cancellable: boolean }[]> {
  return queries.run(openAppointments, [tenantId, customerId, limit]);
}
