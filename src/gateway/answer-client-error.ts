import type { FastifyRequest, FastifyReply } from 'fastify';
import { Problem } from '../contract/problem.ts';

type Socket = FastifyRequest['raw']['socket'];

/** An error of the HTTP parser or of its timers, before there is a request to answer. */
export interface ClientError extends Error {
  code?: string;
}

const lingerMs = 2_000;
const maxLingerBytes = 1024 * 1024;

const lastReply = new WeakMap<Socket, FastifyReply>();
const refusedAt = new WeakMap<Socket, number>();

/** Remembers which answer a connection is about, for errors that strike while it is awaited. */
export function noteReply(reply: FastifyReply): void {
  lastReply.set(reply.raw.req.socket, reply);
}

/**
 * Answers what is not HTTP, or is too slow or too large to be read, with a problem document while
 * the socket still takes one, and closes. The client may still be sending: it is let finish for a
 * moment, because closing on unread bytes resets the connection and takes the answer with it.
 */
export function answerClientError(error: ClientError, socket: Socket, newId: () => string): void {
  const reply = lastReply.get(socket);
  if (error.code === 'ECONNRESET' || !socket.writable || !mayAnswer(socket, reply)) {
    const since = refusedAt.get(socket);
    if (since === undefined) socket.destroy(error);
    else if (socket.bytesRead - since > maxLingerBytes) socket.destroy();
    return;
  }
  const id = reply?.raw.req.complete === false ? reply.request.id : newId();
  refusedAt.set(socket, socket.bytesRead);
  socket.end(answer(refusalOf(error), id));
  socket.setTimeout(lingerMs, () => socket.destroy());
}

/**
 * Between requests, or while the one in turn is still being received. Anywhere else the client
 * would take this answer for that of a request before it.
 */
function mayAnswer(socket: Socket, reply: FastifyReply | undefined): boolean {
  if (reply === undefined) return true;
  const { raw } = reply;
  if (raw.req.complete) return raw.writableEnded;
  return raw.socket === socket && !raw.headersSent;
}

function refusalOf({ code = '' }: ClientError): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers-too-large', 'The headers may have 16 KiB.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('body-too-large', 'The chunk extensions are too long.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request-timeout', 'The request did not arrive in time.');
    default:
      return new Problem('malformed-header', 'This is not a well-formed HTTP request.');
  }
}

const phrases: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

function answer(problem: Problem, requestId: string): string {
  const { status } = problem;
  const document = JSON.stringify({ ...problem.document(), instance: requestId });
  return [
    `HTTP/1.1 ${status} ${phrases[status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(document)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
    '',
    document,
  ].join('\r\n');
}
