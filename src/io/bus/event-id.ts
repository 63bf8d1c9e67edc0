import type { BusEvent, Delivery } from './bus.ts';

/** Equal id, equal bytes. */
export function eventId({ appointmentId, version }: BusEvent): string {
  return `${appointmentId}:${version}`;
}

const form = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9]\d{0,8})$/;

/** Which event a message is by what stands beside its bytes; undefined where it is none of ours. */
export function eventOf(named: {
  id: unknown;
  tenantId: unknown;
  type: unknown;
}): Pick<Delivery, 'appointmentId' | 'version' | 'tenantId' | 'type'> | undefined {
  const { id, tenantId, type } = named;
  const [, appointmentId, version] = form.exec(String(id)) ?? [];
  if (typeof tenantId !== 'string' || typeof type !== 'string') return undefined;
  if (appointmentId === undefined) return undefined;
  return { appointmentId, version: Number(version), tenantId, type };
}
