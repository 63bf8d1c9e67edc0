/** The contract's state table, written out: from, to, and the events that may tell of the step. */
const rows: readonly (readonly [string | null, string, readonly string[]])[] = [
  [null, 'INIT', ['accepted']],
  ['INIT', 'SCHEDULED', ['scheduled']],
  ['SCHEDULED', 'CONFIRMED', ['confirmed']],
  ['SCHEDULED', 'SCHEDULED', ['rescheduled', 'reassigned', 'updated']],
  ['CONFIRMED', 'SCHEDULED', ['rescheduled', 'reassigned']],
  ['CONFIRMED', 'IN_PROGRESS', ['started']],
  ['IN_PROGRESS', 'COMPLETED', ['completed']],
  ['INIT', 'CANCELLED', ['cancelled']],
  ['SCHEDULED', 'CANCELLED', ['cancelled']],
  ['CONFIRMED', 'CANCELLED', ['cancelled']],
  ['IN_PROGRESS', 'CANCELLED', ['cancelled']],
  ['INIT', 'FAILED', ['failed']],
  ['SCHEDULED', 'FAILED', ['failed']],
  ['CONFIRMED', 'FAILED', ['failed']],
  ['IN_PROGRESS', 'FAILED', ['failed']],
  ['INIT', 'INIT', ['updated']],
  ['CONFIRMED', 'CONFIRMED', ['updated']],
  ['IN_PROGRESS', 'IN_PROGRESS', ['updated']],
];

/** The names of events that may tell of a step; empty where the step is not legal. */
export function eventsTelling(from: string | null, to: string): readonly string[] {
  return rows.find(([legalFrom, legalTo]) => legalFrom === from && legalTo === to)?.[2] ?? [];
}

/** `confirmed` of `appointment.confirmed.v1`. */
export function eventName(type: string): string | undefined {
  return /^appointment\.([a-z]+)\.v1$/.exec(type)?.[1];
}
