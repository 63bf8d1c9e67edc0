import type { Warning } from '../contract/appointment-view.ts';
import type { ProblemDocument } from '../contract/problem.ts';
import type { Answer } from '../contract/route.ts';
import type { Appointment } from '../domain/appointment.ts';
import { appointmentAnswer } from './appointment-answer.ts';
import { decidedProblem } from './decided-problem.ts';

/** A command about an appointment, and what is known of it when its client is answered. */
export interface CommandAnswer {
  commandId: string;
  appointment: Appointment;
  state: 'pending' | 'applied' | 'refused';
  problem?: ProblemDocument;
  /** Undefined where the client does not wait for the decision. */
  waitSeconds: number | undefined;
  replayed: boolean;
  /** 201 for a create, 200 for the rest. */
  appliedStatus: 200 | 201;
  warnings?: Warning[];
}

/**
 * 202 until the command is decided or where nobody waits. Who waits is answered by the outcome: the
 * appointment, or the refusal, thrown. A replay shows the appointment as it is now; its refusal is
 * told to those who wait.
 */
export function commandAnswer(answer: CommandAnswer): Answer {
  const { appointment, state, problem, waitSeconds, replayed, warnings } = answer;
  const headers = headersOf(answer);
  if (waitSeconds !== undefined && state === 'refused') {
    if (problem === undefined) throw new Error('a refused command carries no problem');
    throw decidedProblem(problem, { appointmentId: appointment.id, headers });
  }
  const settled = state !== 'pending' && (waitSeconds !== undefined || replayed);
  const status = !settled ? 202 : replayed ? 200 : answer.appliedStatus;
  return appointmentAnswer(appointment, { status, headers, ...(warnings && { warnings }) });
}

function headersOf(answer: CommandAnswer): Record<string, string> {
  const { commandId, appointment, waitSeconds, replayed } = answer;
  return {
    location: `/v1/appointments/${appointment.id}`,
    'command-id': commandId,
    ...(waitSeconds !== undefined && { 'preference-applied': `wait=${waitSeconds}` }),
    ...(replayed && { 'idempotency-replayed': 'true' }),
  };
}
