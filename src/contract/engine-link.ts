import type { Appointment } from '../domain/appointment.ts';
import type { ProblemDocument } from './problem.ts';
import type { CatalogueResult, Repairs } from './repairs.ts';

/** What became of one command. Published after its transaction has committed, never before. */
export interface Decision {
  tenantId: string;
  commandId: string;
  state: 'applied' | 'refused';
  /** The appointment after the decision, where the command was about one. */
  appointment?: Appointment;
  problem?: ProblemDocument;
  /** What a command about the catalogue came to. */
  result?: CatalogueResult;
}

export interface AvailabilityQuery {
  tenantId: string;
  serviceType: string;
  /** Epoch seconds. */
  from: number;
  to: number;
  durationSeconds: number;
  stepSeconds: number;
  location?: { kind: 'catalogue'; id: string } | { kind: 'free'; text: string };
  resourceId?: string;
  limit: number;
}

export interface AvailableSlot {
  start: number;
  end: number;
  free: number;
}

export interface AbsencePreviewQuery {
  tenantId: string;
  resourceId: string;
  /** Epoch seconds. */
  start: number;
  end: number;
}

/**
 * The engine as other roles see it when it runs in their process. Across processes the database is
 * the meeting place: a command is found by its state, a decision by reading the command.
 */
export interface EngineLink {
  /** Says that commands were committed. Losing this costs time, never a command. */
  wake(): void;
  /** Calls `listener` for every decision of this process's engine; returns an unsubscriber. */
  onDecision(listener: (decision: Decision) => void): () => void;
  /** Undefined where this process does not own the tenant's region. */
  availability(query: AvailabilityQuery): { slots: AvailableSlot[]; asOf: number } | undefined;
  /**
   * What an absence would do to the bookings in its way; changes nothing. Undefined where this
   * process does not own the resource's region.
   */
  previewAbsence(asked: AbsencePreviewQuery): Repairs | undefined;
}
