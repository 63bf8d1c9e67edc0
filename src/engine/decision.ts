import type { ProblemDocument } from '../contract/problem.ts';
import type { Appointment } from '../domain/appointment.ts';
import type { EventName } from '../domain/appointment-state.ts';
import type { PendingCommand } from '../domain/command.ts';
import type { Hold } from './placement/timeline.ts';

/** What a transition does to the holds. Both set: a move, or a new time. */
export interface HoldChange {
  freed?: Hold;
  taken?: Hold;
}

export interface BegunSaga {
  id: string;
  kind: 'create' | 'reschedule' | 'reassign' | 'cancel';
  step: string;
  /** `calendar` where it has to call one, or may have to. */
  lane: 'saga' | 'calendar';
}

/** One step of one appointment: one version, one history row, one event. */
export interface Transition {
  before: Appointment;
  after: Appointment;
  cause: string;
  event: EventName;
  /** Absent where the holds stay as they are. */
  hold?: HoldChange;
  /** The saga that carries the step to the outside world. */
  saga?: BegunSaga;
  /** What the slot and resource were, where a customer or dispatcher must be told. */
  previous?: { start: number; end: number; resourceId: string | null };
}

/** What was decided about one command: all of its transitions commit together or not at all. */
export interface DecidedCommand {
  command: PendingCommand;
  /** Its place in the region's order of decisions. */
  position: number;
  seed: number;
  /** `handed-on`: another region decides it; nothing has happened here. */
  state: 'applied' | 'refused' | 'handed-on';
  handedOn?: { region: string; payload?: unknown };
  problem?: ProblemDocument;
  transitions: Transition[];
}

/** All that a decision takes from outside, so that it can be replayed. */
export interface DecisionContext {
  /** Epoch seconds. */
  now: number;
  /** The region that decides. */
  region: string;
  position: number;
  seed: number;
  /** A fresh id, used if the decision starts a saga. */
  sagaId: string;
}
