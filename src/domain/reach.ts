import type { Appointment } from './appointment.ts';

/**
 * Whose rows a caller may see and change: those of its tenant and, where one is set, of one
 * customer or one resource alone. Queries carry it as a condition (`store/row-rules.ts`).
 */
export interface Reach {
  tenantId: string;
  /** This customer's own appointments and record. */
  customerId: string | null;
  /** What is assigned to this resource now, not what once was; no customer's record. */
  resourceId: string | null;
}

/** The rule of the queries, for an appointment that comes from an engine's memory. */
export function isWithin(reach: Reach, appointment: Appointment): boolean {
  const { tenantId, customerId, resourceId } = reach;
  if (appointment.tenantId !== tenantId) return false;
  if (customerId !== null && appointment.customerId !== customerId) return false;
  return resourceId === null || appointment.resourceId === resourceId;
}
