import type { AppointmentAction } from '../domain/appointment-state.ts';
import type { ProblemDocument } from './problem.ts';

/** `GET /v1/commands/{id}`: a command about an appointment, and what became of it. */
export interface CommandView {
  id: string;
  operation: 'create' | AppointmentAction;
  appointment_id: string;
  state: 'pending' | 'applied' | 'refused';
  /** Set where it was refused. */
  problem: ProblemDocument | null;
  created_at: string;
  decided_at: string | null;
}
