import type { AppointmentState } from './appointment-state.ts';

export type RefusalReason =
  | 'no-capable-resource'
  | 'resource-inactive'
  | 'outside-hours'
  | 'absent'
  | 'calendar-busy'
  | 'no-room'
  | 'travel';

/** How sure a refusal is. */
export type RefusalProof = 'rule' | 'clique' | 'solver' | 'budget';

/** Reasons that are ours and so may appear in events; any other text is the client's. */
export const ownReasons: ReadonlySet<string> = new Set([
  'no-capable-resource',
  'resource-inactive',
  'outside-hours',
  'absent',
  'calendar-busy',
  'no-room',
  'travel',
  'calendar-refused',
  'deadline',
]);

/** One version of an appointment. Instants are whole epoch seconds. */
export interface Appointment {
  tenantId: string;
  id: string;
  version: number;
  state: AppointmentState;
  customerId: string;
  start: number;
  end: number;
  serviceType: string;
  /** The catalogue id where `locationKnown`, else the text as sent. */
  location: string | null;
  locationKnown: boolean;
  /** The resource that the client asked for, if any: the booking is pinned to it. */
  requestedResourceId: string | null;
  resourceId: string | null;
  region: string;
  /** Compact JSON text of an object, or null for none. */
  metadata: string | null;
  reason: string | null;
  proof: RefusalProof | null;
  createdAt: number;
  updatedAt: number;
}

/** Who asked, and how to find everything that followed from it. */
export interface Trace {
  /** `key:<key id>`, `customer:<id>`, `engine` or `worker`. */
  actor: string;
  requestId: string | null;
  traceparent: string | null;
}

export const outboxShards = 64;

/** The outbox shard of an appointment: fixed for the life of a database. */
export function outboxShard(appointmentId: string): number {
  return parseInt(appointmentId.slice(-2), 16) % outboxShards;
}
