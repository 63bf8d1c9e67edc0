/**
 * The state machine of an appointment.
 *
 *   (none) ──> INIT ──> SCHEDULED ──> CONFIRMED ──> IN_PROGRESS ──> COMPLETED
 *                │          │  ^          │  │           │
 *                │          │  └──────────┘  │           │      reschedule, move
 *                └──────────┴────────────────┴───────────┴────> CANCELLED | FAILED
 *
 * Final states are never left. Every step is one version, one history row and one event.
 */
export const appointmentStates = [
  'INIT',
  'SCHEDULED',
  'CONFIRMED',
  'IN_PROGRESS',
  'COMPLETED',
  'CANCELLED',
  'FAILED',
] as const;

export type AppointmentState = (typeof appointmentStates)[number];

/** The last word of an event's type, one per row of the table. */
export type EventName =
  | 'accepted'
  | 'scheduled'
  | 'confirmed'
  | 'rescheduled'
  | 'reassigned'
  | 'started'
  | 'completed'
  | 'cancelled'
  | 'failed'
  | 'updated'
  | 'imported';

/** What a client may ask of an existing appointment. */
export type AppointmentAction = 'update' | 'cancel' | 'start' | 'complete' | 'fail';

const open: readonly AppointmentState[] = ['INIT', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS'];

const allowedFrom: Record<AppointmentAction, readonly AppointmentState[]> = {
  update: open,
  cancel: open,
  start: ['CONFIRMED'],
  complete: ['IN_PROGRESS'],
  fail: open,
};

/** The states in which `action` is legal. A change of slot is narrower: see `allowsNewSlot`. */
export function statesAllowing(action: AppointmentAction): readonly AppointmentState[] {
  return allowedFrom[action];
}

/** The actions that are legal in `state`, for `illegal-transition` answers. */
export function actionsAllowedIn(state: AppointmentState): AppointmentAction[] {
  const actions = Object.keys(allowedFrom) as AppointmentAction[];
  return actions.filter((action) => allowedFrom[action].includes(state));
}

export function isFinal(state: AppointmentState): boolean {
  return !open.includes(state);
}

export function holdsSlot(state: AppointmentState): boolean {
  return state === 'SCHEDULED' || state === 'CONFIRMED' || state === 'IN_PROGRESS';
}

export function allowsNewSlot(state: AppointmentState): boolean {
  return state === 'SCHEDULED' || state === 'CONFIRMED';
}
