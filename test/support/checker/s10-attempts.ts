import type { Facts, SagaStepFact } from './facts.ts';
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
    ...facts.tasks
      .filter(({ lane }) => lane !== 'calendar')
      .flatMap(({ task, attempts }) => tooMany({ task }, attempts, maxAttempts + 1)),
    ...facts.deadLetters.flatMap(({ task, attempts, reason }) =>
      tooMany({ task }, attempts, maxAttempts + (reason.includes('owner lost') ? 1 : 0)),
    ),
    ...facts.sagaSteps
      .filter((step) => !isEndless(step))
      .flatMap(({ saga, step, attempt }) => tooMany({ saga, step }, attempt)),
    ...tooSoon(facts.sagaSteps, baseMs),
    ...facts.tasks
      .filter(({ delay_ms: ms }) => ms !== 0 && (ms < baseMs || ms > capMs))
      .map(({ task, delay_ms }) => s10({ task }, `it waited ${delay_ms} ms for its next attempt`)),
  ];
}

/** What takes something back never gives up. */
function isEndless({ step, direction }: SagaStepFact): boolean {
  return direction === 'compensate' || step.startsWith('release');
}

/** Attempts at one step follow one another, each after its delay. */
function tooSoon(steps: readonly SagaStepFact[], baseMs: number): Violation[] {
  const ofStep = Map.groupBy(steps, (one) => `${one.saga} ${one.step} ${one.direction}`);
  return [...ofStep.values()].flatMap((attempts) =>
    attempts.flatMap((next, index) => {
      const last = attempts[index - 1];
      // An attempt whose owner died is made again at once, and a release goes from one to another.
      if (last === undefined || last.error === 'owner-lost' || isEndless(next)) return [];
      const ids = { saga: next.saga, step: next.step };
      if (next.attempt !== last.attempt + 1)
        return [s10(ids, `attempt ${last.attempt} is missing`)];
      const waitedMs = (next.started_s - (last.finished_s ?? Infinity)) * 1_000;
      if (waitedMs >= baseMs) return [];
      return [s10(ids, `attempt ${next.attempt} began ${Math.round(waitedMs)} ms after the last`)];
    }),
  );
}

function s10(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S10', ids, sentence };
}
