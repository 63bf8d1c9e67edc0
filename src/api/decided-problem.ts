import { Problem, type ProblemDocument } from '../contract/problem.ts';

/** The refusal that was stored with a decision, to be thrown to those who wait for it. */
export function decidedProblem(
  document: ProblemDocument,
  answer: { appointmentId?: string; headers?: Record<string, string> } = {},
): Problem {
  const { code, detail, status } = document;
  const { errors, conflicts, alternatives, reason, proof, state, allowed } = document;
  const { appointmentId, headers = {} } = answer;
  return new Problem(code, detail, {
    status,
    members: {
      ...(errors && { errors }),
      ...(conflicts && { conflicts }),
      ...(alternatives && { alternatives }),
      ...(reason !== undefined && { reason }),
      ...(proof !== undefined && { proof }),
      ...(state !== undefined && { state }),
      ...(allowed && { allowed }),
      ...(appointmentId !== undefined && { appointment_id: appointmentId }),
    },
    headers,
  });
}
