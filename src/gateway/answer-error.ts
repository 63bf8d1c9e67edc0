import type { FastifyReply } from 'fastify';
import { Problem, unavailable } from '../contract/problem.ts';
import type { Log } from '../io/log.ts';
import { isUnavailable } from '../io/postgres.ts';

/** Answers whatever was thrown as a problem document; what nobody expected is logged, not told. */
export function answerError(error: unknown, reply: FastifyReply, log: Log): void {
  const problem = problemOf(error);
  if (problem.code === 'internal-error') {
    const { request } = reply;
    log.error({ request_id: request.id, method: request.method, err: error }, 'request failed');
  }
  sendProblem(problem, reply);
}

export function sendProblem(problem: Problem, reply: FastifyReply): void {
  const { id } = reply.request;
  void reply
    .code(problem.status)
    .headers(problem.headers)
    .header('x-request-id', id)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    // As bytes: text of a JSON type would have a charset added, which the type does not define.
    .send(Buffer.from(JSON.stringify({ ...problem.document(), instance: id })));
}

export function bodyTooLarge(limitBytes: number): Problem {
  return new Problem('body-too-large', `The body may have at most ${limitBytes} bytes.`);
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new Problem('body-too-large', 'The body is larger than this call takes.');
  }
  if (code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new Problem('not-found', 'There is nothing at this address.');
  }
  // The client went away, or said one length and sent another.
  if (code === 'ECONNRESET' || code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') {
    return new Problem('malformed-body', 'The body ended before its time.');
  }
  if (error instanceof Error && isUnavailable(error)) {
    return unavailable('The service cannot do this right now; the same request may be sent again.');
  }
  return new Problem('internal-error', 'The request could not be answered; the log has details.');
}
