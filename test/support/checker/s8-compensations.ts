import type { Facts, SagaStepFact } from './facts.ts';
import type { Violation } from './violation.ts';

/**
 * S8: what may have happened is taken back, and nothing else. An attempt to reserve may have
 * happened unless it is known to have failed or to have been refused: a timed-out call may have.
 */
export function compensationsFit(facts: Facts): Violation[] {
  const appointmentOf = new Map(facts.sagas.map(({ id, appointment }) => [id, appointment]));
  const steps = Map.groupBy(facts.sagaSteps, ({ saga }) => appointmentOf.get(saga) ?? '');
  const states = new Map(facts.appointments.map(({ id, state }) => [id, state]));
  const notTakenBack = [...steps].flatMap(([appointment, of]) => {
    const ended = ['CANCELLED', 'FAILED'].includes(states.get(appointment) ?? '');
    const last = latest(of.filter(mayHaveReserved), ({ started_s }) => started_s);
    const released = latest(of.filter(hasReleased), ({ finished_s }) => finished_s ?? 0);
    if (!ended || last === undefined || (released ?? -Infinity) > last) return [];
    return [s8({ appointment }, 'it has ended, and what was reserved was not released after it')];
  });
  const baseless = [...steps].flatMap(([appointment, of]) => {
    const first = of.filter(mayHaveReserved).map(({ started_s }) => started_s);
    return of
      .filter((step) => isRelease(step) && !first.some((at) => at <= step.started_s))
      .map(({ saga, step }) => s8({ appointment, saga, step }, 'nothing was there to take back'));
  });
  return [...notTakenBack, ...baseless];
}

function mayHaveReserved({ step, direction, outcome }: SagaStepFact): boolean {
  const isReserve = step === 'reserve' && direction === 'run';
  return isReserve && outcome !== 'failed' && outcome !== 'refused';
}

function isRelease({ step, direction }: SagaStepFact): boolean {
  return direction === 'compensate' || step === 'release' || step === 'release-former';
}

function hasReleased(step: SagaStepFact): boolean {
  return isRelease(step) && step.outcome === 'succeeded';
}

function latest(
  steps: readonly SagaStepFact[],
  at: (step: SagaStepFact) => number,
): number | undefined {
  return steps.length === 0 ? undefined : Math.max(...steps.map(at));
}

function s8(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S8', ids, sentence };
}
