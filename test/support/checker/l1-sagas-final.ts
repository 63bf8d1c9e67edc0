import type { Facts } from './facts.ts';
import type { Violation } from './violation.ts';

const finalStates = new Set(['done', 'compensated', 'superseded', 'refused']);

/** L1: once faults have healed, every saga is final, and no task of one is left. */
export function sagasFinal(facts: Facts): Violation[] {
  const open = facts.sagas
    .filter(({ state, finished }) => !finalStates.has(state) || !finished)
    .map(({ id, appointment, kind, state, finished }) => ({
      guarantee: 'L1' as const,
      ids: { saga: id, appointment },
      sentence: `the ${kind} saga is ${state}${finished ? '' : ' and not finished'}`,
    }));
  const left = facts.tasks
    .filter(({ lane }) => lane === 'saga' || lane === 'calendar')
    .map(({ task, kind, appointment }) => ({
      guarantee: 'L1' as const,
      ids: { task, appointment: appointment ?? '' },
      sentence: `a task of a ${kind} saga is left`,
    }));
  return [...open, ...left];
}
