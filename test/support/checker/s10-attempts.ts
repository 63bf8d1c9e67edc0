import type { Facts } from './facts.ts';
import type { Violation } from './violation.ts';

/** As the installation is configured. */
export interface RetryLimits {
  baseMs: number;
  capMs: number;
  maxAttempts: number;
}

/** The contract's defaults. */
export const defaultRetryLimits: RetryLimits = { baseMs: 200, capMs: 30_000, maxAttempts: 12 };

/** S10: attempts are no more than the maximum, and the delays between them within [base, cap]. */
export function attemptsWithinLimits(facts: Facts, limits: RetryLimits): Violation[] {
  const { baseMs, capMs, maxAttempts } = limits;
  const tooMany = (ids: Violation['ids'], attempts: number, most = maxAttempts): Violation[] =>
    attempts <= most ? [] : [s10(ids, `it is at attempt ${attempts} of ${most}`)];
  return [
    // One that has had all its attempts is claimed once more, for its burial.
    ...facts.tasks.flatMap(({ task, attempts }) => tooMany({ task }, attempts, maxAttempts + 1)),
    ...facts.deadLetters.flatMap(({ task, attempts, reason }) =>
      tooMany({ task }, attempts, maxAttempts + (reason.includes('owner lost') ? 1 : 0)),
    ),
    ...facts.sagaSteps.flatMap(({ saga, step, attempt }) => tooMany({ saga, step }, attempt)),
    ...facts.tasks
      .filter(({ delay_ms: ms }) => ms !== 0 && (ms < baseMs || ms > capMs))
      .map(({ task, delay_ms }) => s10({ task }, `it waited ${delay_ms} ms for its next attempt`)),
  ];
}

function s10(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S10', ids, sentence };
}
