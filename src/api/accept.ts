import type { Warning } from '../contract/appointment-view.ts';
import type { Decision } from '../contract/engine-link.ts';
import { Problem, unavailable } from '../contract/problem.ts';
import { parsePrefer } from '../contract/prefer.ts';
import type { Answer, Call } from '../contract/route.ts';
import type { Appointment } from '../domain/appointment.ts';
import type { AppointmentAction } from '../domain/appointment-state.ts';
import { isWithin, type Reach } from '../domain/reach.ts';
import { findCommandOutcome } from '../store/read/commands.ts';
import { commandAnswer } from './command-answer.ts';
import type { DecisionWaiter } from './decision-waiter.ts';
import type { Dependencies } from './dependencies.ts';
import type { FirstUse, Idempotency, KeyName } from './idempotency.ts';
import { refusalSeenBy } from './refusal-seen-by.ts';

/** A command as it was accepted, with its appointment as it stood then. */
export interface Accepted {
  appointment: Appointment;
  /** Decided in the same transaction: nobody need be told to look for it. */
  decided?: boolean;
}

/** What one attempt came to: durable, seen before, or to be tried again on fresher data. */
export type Attempt = { accepted: Accepted } | { first: FirstUse } | 'stale';

export interface AcceptRequest {
  operation: 'create' | AppointmentAction;
  key: KeyName;
  contentHash: string;
  commandId: string;
  appliedStatus: 200 | 201;
  /** What the client should know of a request that is taken all the same. */
  warnings?(appointment: Appointment): Warning[] | undefined;
  /** Throws the problem of a request that cannot be accepted. */
  attempt(): Promise<Attempt>;
}

const maxAttempts = 3;

export interface AcceptParts {
  dependencies: Pick<Dependencies, 'reads' | 'engine' | 'metrics' | 'log'>;
  idempotency: Idempotency;
  waiter: DecisionWaiter;
}

/** Takes a command in and answers it: at once, or with its decision where the client waits. */
export async function accept(
  parts: AcceptParts,
  call: Call,
  request: AcceptRequest,
): Promise<Answer> {
  const { tenantId } = call.principal;
  const { waitSeconds } = parsePrefer(call.header('prefer'));
  const { commandId } = request;
  // Before the commit: this process's engine may decide before the commit is known here.
  const expectation =
    waitSeconds === undefined ? undefined : parts.waiter.expect({ tenantId, commandId });
  try {
    const outcome = await attempts(parts, request);
    if ('first' in outcome) {
      return await replay(parts, call, { ...outcome.first, waitSeconds, request });
    }
    recordAccepted(parts, call, { request, ...outcome.accepted });
    const decision = await expectation?.decided(waitSeconds ?? 0, call.signal);
    const { appointment } = outcome.accepted;
    return answer(call.principal, { commandId, appointment, decision, waitSeconds, request });
  } finally {
    expectation?.cancel();
  }
}

async function attempts(
  { idempotency }: AcceptParts,
  { key, contentHash, attempt }: AcceptRequest,
): Promise<{ accepted: Accepted } | { first: FirstUse }> {
  for (let tries = 0; tries < maxAttempts; tries += 1) {
    const outcome = await idempotency.once(key, contentHash, attempt);
    if ('first' in outcome) return outcome;
    if (outcome.accepted !== 'stale') return outcome.accepted;
  }
  throw unavailable('what the request is about is changing too fast');
}

function recordAccepted(
  { dependencies: { engine, metrics, log } }: AcceptParts,
  call: Call,
  { request, appointment, decided }: { request: AcceptRequest } & Accepted,
): void {
  if (decided !== true) engine.wake();
  metrics.commandsAccepted.inc({ operation: request.operation });
  log.info(
    {
      component: 'api',
      request_id: call.requestId,
      tenant: call.principal.tenantId,
      command_id: request.commandId,
      appointment_id: appointment.id,
      operation: request.operation,
    },
    'command accepted',
  );
}

interface FirstAnswer {
  commandId: string;
  appointment: Appointment;
  decision: Decision | undefined;
  waitSeconds: number | undefined;
  request: AcceptRequest;
}

function answer(
  reach: Reach,
  { commandId, appointment, decision, waitSeconds, request }: FirstAnswer,
): Answer {
  const current = decision?.appointment ?? appointment;
  // Since the decision it may have been given to another resource.
  if (decision !== undefined && !isWithin(reach, current)) throw notFound();
  const warnings = request.warnings?.(current);
  return commandAnswer({
    commandId,
    appointment: current,
    state: decision?.state ?? 'pending',
    ...(decision?.problem && { problem: refusalSeenBy(reach, decision.problem) }),
    waitSeconds,
    replayed: false,
    appliedStatus: request.appliedStatus,
    ...(warnings && { warnings }),
  });
}

/** Answers a request that came before, for whoever may see its appointment. */
async function replay(
  parts: AcceptParts,
  call: Call,
  first: FirstUse & { waitSeconds: number | undefined; request: AcceptRequest },
): Promise<Answer> {
  const { principal } = call;
  const { commandId, waitSeconds } = first;
  const expectation =
    waitSeconds === undefined
      ? undefined
      : parts.waiter.expect({ tenantId: principal.tenantId, commandId });
  try {
    let outcome = await readOutcome(parts, principal, commandId);
    if (outcome.state === 'pending' && expectation !== undefined) {
      const decision = await expectation.decided(waitSeconds ?? 0, call.signal);
      if (decision !== undefined) outcome = await readOutcome(parts, principal, commandId);
    }
    const { appointment, state, problem } = outcome;
    const warnings = first.request.warnings?.(appointment);
    return commandAnswer({
      commandId,
      appointment,
      state,
      ...(problem && { problem: refusalSeenBy(principal, problem) }),
      waitSeconds,
      replayed: true,
      appliedStatus: 200,
      ...(warnings && { warnings }),
    });
  } finally {
    expectation?.cancel();
  }
}

async function readOutcome(
  { dependencies: { reads } }: AcceptParts,
  reach: Reach,
  commandId: string,
): Promise<
  Pick<Decision, 'problem'> & { state: 'pending' | Decision['state']; appointment: Appointment }
> {
  const outcome = await findCommandOutcome(reads.of(reach.tenantId), { commandId, reach });
  if (outcome === undefined) throw notFound();
  const { state, appointment, problem } = outcome;
  return { state, appointment, ...(problem !== null && { problem: problem as never }) };
}

export function notFound(): Problem {
  return new Problem('not-found', 'there is no such appointment');
}
