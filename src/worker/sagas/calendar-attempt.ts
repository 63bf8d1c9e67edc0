import type { Calendar, ReservationKey } from '../../io/calendar/calendar.ts';
import type { Queries } from '../../io/postgres.ts';
import type { CalendarAccessRow } from '../../store/read/calendar-saga.ts';
import {
  beginAttempt,
  endAttempt,
  type AttemptOutcome,
  type SagaAttempt,
} from '../../store/write/saga-attempts.ts';
import type { CallOutcome } from '../calls/call-outcome.ts';
import { crashPoints } from '../crash-points.ts';
import { thirdPartyCall } from '../third-party-call.ts';
import { lateEffectMs, ownerOf, type BusyRange, type CalledSaga } from './called-saga.ts';
import type { StepOutcome } from './saga.ts';

export interface CalendarAttempt {
  step: string;
  direction: SagaAttempt['direction'];
  effect: SagaAttempt['effect'];
  resourceId: string;
  access: CalendarAccessRow | null;
  call: (calendar: Calendar, key: ReservationKey, signal: AbortSignal) => Promise<Answer>;
}

/** What a calendar said; `reference` is its name for what it holds. */
export type Answer =
  | { kind: 'agreed'; reference: string | null }
  | { kind: 'refused'; reason: string; busy: BusyRange[] };

export type AttemptResult =
  | Exclude<StepOutcome, { kind: 'done' | 'ended' }>
  /** `doubtfulMs`: an earlier attempt may still have its effect; since when, epoch milliseconds. */
  | { kind: 'done'; doubtfulMs: number | null };

/**
 * One attempt at one calendar:
 *
 *   admitted by breaker, bulkhead and budget -> intent and journal -> call -> its end
 *
 * The intent is written before anything is sent and says what may happen; it is refused to a saga
 * that was overtaken. A crash in between leaves an attempt without an end, which counts as one that
 * may have had its effect. Who is not admitted writes nothing.
 */
export async function attemptCall(
  saga: CalledSaga,
  { call, access, ...about }: CalendarAttempt,
): Promise<AttemptResult> {
  const { dependencies, task, signal, work } = saga;
  const { calls, calendars, clock, hotDatabase } = dependencies;
  const provider = access?.kind ?? 'none';
  const attempt = sagaAttempt(saga, about);
  const key = { id: `${work.appointment.id}:${about.resourceId}`, tag: work.tag };
  let begun: Awaited<ReturnType<typeof beginAttempt>> | undefined;
  const startedMs = clock.monotonicMs();
  const request = { provider, tenantId: task.tenant_id, attempt: attempt.attempt, signal };
  const prepare = async (): Promise<boolean> => {
    await crashPoints.beforeIntent(dependencies);
    begun = await beginAttempt(hotDatabase, ownerOf(saga), attempt);
    return begun === 'begun';
  };
  const outcome = await calls.call({ ...request, prepare }, (callSignal) =>
    thirdPartyCall(dependencies, () => call(calendars.of(access), key, callSignal)),
  );
  if (begun === 'overtaken' || begun === 'lost') return { kind: begun };
  if (outcome.kind === 'not-called') {
    return { kind: 'wait', untilMs: outcome.untilMs, reason: outcome.reason };
  }
  noteAttempt(saga, attempt);
  return settled(saga, { attempt, provider, outcome, latencyMs: clock.monotonicMs() - startedMs });
}

function sagaAttempt(
  { task, work }: CalledSaga,
  about: Pick<CalendarAttempt, 'step' | 'direction' | 'effect' | 'resourceId'>,
): SagaAttempt {
  const { step, direction, effect, resourceId: resource_id } = about;
  return {
    ...{ tenant_id: task.tenant_id, task_id: task.task_id, attempts: task.attempts },
    ...{
      saga_id: work.id,
      appointment_id: work.appointment.id,
      step,
      direction,
      effect,
      resource_id,
    },
    appointment_version: work.appointmentVersion,
    attempt: (work.attempts[`${step}/${direction}`] ?? 0) + 1,
  };
}

function noteAttempt({ work }: CalledSaga, { step, direction, attempt }: SagaAttempt): void {
  work.attempts[`${step}/${direction}`] = attempt;
}

interface Called {
  attempt: SagaAttempt;
  provider: string;
  outcome: Exclude<CallOutcome<Answer>, { kind: 'not-called' }>;
  latencyMs: number;
}

async function settled(saga: CalledSaga, called: Called): Promise<AttemptResult> {
  const { attempt, provider, outcome } = called;
  const { hotDatabase, metrics } = saga.dependencies;
  const end = endOf(saga, called);
  const { step, direction } = attempt;
  metrics.sagaAttempts.inc({ step, direction, outcome: end.outcome });
  const owner = { ...ownerOf(saga), lateEffectSeconds: lateEffectMs(saga, provider) / 1_000 };
  const record = (queries: Queries): ReturnType<typeof endAttempt> =>
    endAttempt(queries, owner, { ...attempt, outcome: end });
  if (end.outcome === 'succeeded') {
    const written = await record(hotDatabase);
    if (written === undefined) return { kind: 'lost' };
    return { kind: 'done', doubtfulMs: written.ambiguous_ms };
  }
  const failed = {
    ...{ reason: end.error_class ?? '', attempts: attempt.attempt, provider },
    record: async (queries: Queries) => (await record(queries)) !== undefined,
  };
  if (end.outcome !== 'refused') return { kind: 'failed', ...failed };
  const answered = outcome.kind === 'succeeded' ? outcome.value : undefined;
  return { kind: 'refused', ...failed, busy: answered?.kind === 'refused' ? answered.busy : [] };
}

function endOf({ work }: CalledSaga, { outcome, latencyMs }: Called): AttemptOutcome {
  const { start: start_s, end: end_s } = work.appointment;
  const latency_ms = Math.round(latencyMs);
  const known = { start_s, end_s, latency_ms, external_reference: null, error_class: null };
  switch (outcome.kind) {
    case 'succeeded': {
      const { value } = outcome;
      return value.kind === 'agreed'
        ? { ...known, outcome: 'succeeded', external_reference: value.reference }
        : { ...known, outcome: 'refused', error_class: value.reason };
    }
    case 'throttled':
      return { ...known, outcome: 'failed', error_class: outcome.reason };
    case 'refused':
    case 'failed':
    case 'ambiguous':
      return { ...known, outcome: outcome.kind, error_class: outcome.reason };
  }
}
