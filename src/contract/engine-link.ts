import type { Appointment } from '../domain/appointment.ts';
import type { AvailableSlot } from '../domain/available-slot.ts';
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

export interface Availability {
  slots: AvailableSlot[];
  /** Epoch seconds; no slot begins earlier. */
  asOf: number;
}

export interface AbsencePreviewQuery {
  tenantId: string;
  resourceId: string;
  /** Epoch seconds. */
  start: number;
  end: number;
}

/**
 * The engines of all processes, as other roles see them. The database is where they meet: a command
 * is found by its state, a decision by reading the command. All of this is only faster.
 */
export interface EngineLink {
  /** Says that commands were committed. Losing this costs time, never a command. */
  wake(): void;
  /** Calls `listener` for the decisions that are heard of; returns an unsubscriber. */
  onDecision(listener: (decision: Decision) => void): () => void;
  /** Throws `unavailable` where the owner of a region cannot be asked or is not sure to own it. */
  availability(query: AvailabilityQuery): Promise<Availability>;
  /** What an absence would do to the bookings in its way; changes nothing. Throws likewise. */
  previewAbsence(asked: AbsencePreviewQuery): Promise<Repairs>;
}

/**
 * A region as the database has it when somebody asks. Its owner answers under this token or a later
 * one, and knowing at least this much: so no answer is older than the question.
 */
export interface RegionAsOf {
  region: string;
  token: number;
  position: number;
  catalogueVersion: number;
}

/** A question to the owner of some of a tenant's regions; `now` is the asker's, epoch seconds. */
export interface RegionalQuery {
  query: AvailabilityQuery;
  now: number;
  regions: RegionAsOf[];
}

/** The slots of one region that could take the request. */
export interface RegionSlots {
  region: string;
  slots: AvailableSlot[];
}

export interface RegionalPreview {
  asked: AbsencePreviewQuery;
  now: number;
  region: RegionAsOf;
}

/** One engine, asked about regions that it owns: within its process, or at its internal port. */
export interface RegionOwner {
  /** Leaves out the regions that it does not own any more, or not surely, or not in memory yet. */
  availabilityOf(asked: RegionalQuery): Promise<RegionSlots[]>;
  /** Undefined where it would be left out. */
  previewAbsence(asked: RegionalPreview): Promise<Repairs | undefined>;
}

/** The engine of this process. */
export interface OwnEngine extends RegionOwner, Pick<EngineLink, 'wake' | 'onDecision'> {
  /**
   * At once, from memory; undefined where a region that could take the request is not owned here,
   * or not surely.
   */
  availability(query: AvailabilityQuery): Availability | undefined;
  /** Whether it owns all regions of the tenant: then no other process knows better. */
  ownsAllOf(tenantId: string): boolean;
}
