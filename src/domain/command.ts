import type { AppointmentAction } from './appointment-state.ts';
import type { Appointment, Trace } from './appointment.ts';

/** Changes of the catalogue that the region's owner applies in its loop. */
export type CatalogueOperation =
  | 'put-service-type'
  | 'put-location'
  | 'put-resource'
  | 'deactivate-service-type'
  | 'deactivate-location'
  | 'deactivate-resource'
  | 'add-absence'
  | 'remove-absence';

/** What sagas ask of the region's owner; no client does. */
export type SagaOperation = 'replan' | 'abandon';

export type Operation = 'create' | AppointmentAction | SagaOperation | CatalogueOperation;

/** A command that waits for its region's owner. */
export interface PendingCommand {
  tenantId: string;
  id: string;
  operation: Operation;
  /** Order of acceptance among the commands of one appointment. */
  acceptedSeq: number;
  payload: unknown;
  ifMatch: number | null;
  trace: Trace;
  /** The regions that have handed it on, in their order. */
  regionsTried: string[];
  /** An earlier command of its appointment is still to be decided by another region. */
  waits: boolean;
  /** The appointment as it stands, for commands about one. */
  appointment: Appointment | null;
}
