import type { Appointment } from '../../domain/appointment.ts';
import type { AppointmentState } from '../../domain/appointment-state.ts';
import { FIRST_INSTANT, LAST_INSTANT, MAX_SLOT_SECONDS } from '../../domain/slot.ts';
import type { Reach } from '../../domain/reach.ts';
import type { TenantQueries } from '../../io/tenant-reads.ts';
import { appointmentColumns, toAppointment, type AppointmentRow } from '../appointment-row.ts';
import { rowRules } from '../row-rules.ts';
import { statement } from '../statement.ts';

const appointmentById = statement<AppointmentRow>(
  'appointment_by_id',
  `SELECT ${appointmentColumns} FROM appointments a
  WHERE a.tenant_id = $1 AND a.appointment_id = $2
    AND ${rowRules.appointments({ customer: '$3', resource: '$4' })}`,
);

/** One appointment, where it is within reach. */
export async function findAppointment(
  queries: TenantQueries,
  { id, reach }: { id: string; reach: Reach },
): Promise<Appointment | undefined> {
  const { tenantId, customerId, resourceId } = reach;
  const [row] = await queries.run(appointmentById, [tenantId, id, customerId, resourceId]);
  return row && toAppointment(row);
}

export interface AppointmentFilter {
  reach: Reach;
  customerId?: string;
  resourceId?: string;
  location?: string;
  serviceType?: string;
  states?: readonly AppointmentState[];
  /** Slots that overlap [from, to), epoch seconds. */
  from?: number;
  to?: number;
  /** The last one of the page before. */
  after?: { start: number; id: string };
  limit: number;
}

// No slot is longer than the longest one allowed, so an overlap with [from, …) bounds the start as
// well, and the index on (start, id) serves the range, the order and the page.
function list(name: string, narrowed: string) {
  return statement<AppointmentRow>(
    name,
    `SELECT ${appointmentColumns} FROM appointments a
    WHERE a.tenant_id = $1 AND ${narrowed}
      AND (a.start_at, a.appointment_id) > (to_timestamp($4), $5::uuid)
      AND a.start_at < to_timestamp($6) AND a.end_at > to_timestamp($7)
      AND ($8::text IS NULL OR a.location = $8)
      AND ($9::text IS NULL OR a.service_type = $9)
      AND ($10::text[] IS NULL OR a.state = ANY ($10))
      AND ${rowRules.appointments({ customer: '$12', resource: '$13' })}
    ORDER BY a.start_at, a.appointment_id LIMIT $11`,
  );
}

const byStart = list('appointments_by_start', '$2::uuid IS NULL AND $3::text IS NULL');
const byCustomer = list(
  'appointments_by_customer',
  'a.customer_id = $2 AND ($3::text IS NULL OR a.resource_id = $3)',
);
const byResource = list('appointments_by_resource', '$2::uuid IS NULL AND a.resource_id = $3');

/** A page of appointments by (start, id); one statement per index that can serve the filter. */
export async function listAppointments(
  queries: TenantQueries,
  filter: AppointmentFilter,
): Promise<Appointment[]> {
  const { reach, from, to, after } = filter;
  const customerId = filter.customerId ?? reach.customerId;
  const resourceId = filter.resourceId ?? reach.resourceId;
  const narrowest = customerId !== null ? byCustomer : resourceId !== null ? byResource : byStart;
  const earliest = from === undefined ? FIRST_INSTANT - 1 : from - MAX_SLOT_SECONDS;
  const rows = await queries.run(narrowest, [
    reach.tenantId,
    customerId,
    resourceId,
    after?.start ?? earliest,
    after?.id ?? '00000000-0000-0000-0000-000000000000',
    to ?? LAST_INSTANT + 1,
    from ?? FIRST_INSTANT - 1,
    filter.location ?? null,
    filter.serviceType ?? null,
    filter.states ?? null,
    filter.limit,
    reach.customerId,
    reach.resourceId,
  ]);
  return rows.map(toAppointment);
}
