import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../contract/problem.ts';
import type { Answer, Call, Route } from '../contract/route.ts';
import type { Log } from '../io/log.ts';
import type { Metrics } from '../io/metrics.ts';
import { admitRequest, type Admission, type ReceivedRequest } from './admit-request.ts';
import { allowedMethods } from './allowed-methods.ts';
import { answerError, bodyTooLarge } from './answer-error.ts';
import { AnswerStreams } from './answer-streams.ts';
import type { EdgeServer } from './edge-server.ts';
import { prepareRoute, type MountedRoute } from './mounted-route.ts';
import { recordAnswer } from './record-answer.ts';

export interface MountDependencies extends Admission {
  log: Log;
  metrics: Metrics;
}

type Done = (error?: Error) => void;

const noBody = Buffer.alloc(0);
// A body declared larger than this is not waited for: the connection closes after the answer.
const maxDiscardedBytes = 16 * 1024 * 1024;

/** Mounts the routes and answers every other address and method. Throws on a faulty route. */
export function mountRoutes(
  server: EdgeServer,
  routes: readonly Route[],
  dependencies: MountDependencies,
): void {
  const { app, begin } = server;
  const { log } = dependencies;
  const streams = new AnswerStreams(app);
  const mounting = { ...dependencies, streams };
  for (const route of routes) mountRoute(server, prepareRoute(route), mounting);
  app.setErrorHandler((error, _request, reply) => {
    // The parser asks to close after an overflow. Closing on unread bytes would reset the
    // connection and lose the answer, so what still comes is discarded while the time limit lasts.
    if (isOverflow(error)) void reply.removeHeader('connection');
    if (server.draining) void reply.header('connection', 'close');
    answerError(error, reply, log);
  });
  const methodsAt = allowedMethods(routes);
  const record = recordAnswer('unmatched', dependencies);
  const refuse = (request: FastifyRequest): Problem => noSuchRoute(methodsAt(request.url), request);
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    begin(request, reply, () => done(refuse(request)));
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (request.is404) record(request, reply);
    done();
  });
  app.setNotFoundHandler((request) => {
    throw refuse(request);
  });
}

function mountRoute(
  server: EdgeServer,
  mounted: MountedRoute,
  dependencies: MountDependencies & { streams: AnswerStreams },
): void {
  const { route, limitBytes } = mounted;
  const record = recordAnswer(route.path, dependencies);
  const handle = route.handle.bind(route) as (call: Call) => Promise<Answer>;
  server.app.route({
    method: route.method,
    url: route.path,
    bodyLimit: limitBytes,
    ...(route.responses && { schema: { response: route.responses } }),
    onRequest: [
      server.begin,
      (request: FastifyRequest, reply: FastifyReply, done: Done) =>
        done(earlyProblem(request, reply, limitBytes)),
    ],
    onResponse: (request: FastifyRequest, reply: FastifyReply, done: Done) => {
      record(request, reply);
      done();
    },
    handler: async (request, reply) => {
      const call = await admitRequest(mounted, received(request, reply), dependencies);
      const answer = await handle(call);
      send(answer, reply, { draining: server.draining, streams: dependencies.streams });
      // Says that the answer is under way: the first of a stream is yet to come.
      return reply;
    },
  });
}

/** What can be told before the body is read. */
function earlyProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  limitBytes: number,
): Problem | undefined {
  const { raw } = request;
  const { headers } = raw;
  // No id of ours is empty or holds NUL, so nothing can be at such an address.
  if (Object.values(paramsOf(request)).some((text) => text === '' || text.includes('\0'))) {
    return new Problem('not-found', 'There is nothing at this address.');
  }
  if (headers.host === undefined && raw.httpVersion === '1.1') {
    return new Problem('malformed-header', 'HTTP/1.1 takes a Host header.');
  }
  const length = Number(headers['content-length'] ?? 0);
  if (length > limitBytes) {
    if (length > maxDiscardedBytes) void reply.header('connection', 'close');
    return bodyTooLarge(limitBytes);
  }
  return undefined;
}

function received(request: FastifyRequest, reply: FastifyReply): ReceivedRequest {
  const { raw, url } = request;
  const mark = url.indexOf('?');
  return {
    params: paramsOf(request),
    search: mark < 0 ? '' : url.slice(mark + 1),
    headers: raw.headers,
    response: reply.raw,
    contentType: request.contentType,
    body: Buffer.isBuffer(request.body) ? request.body : noBody,
    requestId: request.id,
  };
}

function paramsOf(request: FastifyRequest): Record<string, string> {
  return request.params as Record<string, string>;
}

function send(
  { status, headers, body, stream }: Answer,
  reply: FastifyReply,
  { draining, streams }: { draining: boolean; streams: AnswerStreams },
): void {
  void reply.code(status);
  if (headers !== undefined) void reply.headers(headers);
  if (stream !== undefined) return streams.send(stream, reply);
  if (draining) void reply.header('connection', 'close');
  void reply.send(body);
}

function isOverflow(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'FST_ERR_CTP_BODY_TOO_LARGE';
}

function noSuchRoute(allowed: readonly string[], { method }: FastifyRequest): Problem {
  if (allowed.length === 0 || allowed.includes(method)) {
    return new Problem('not-found', 'There is nothing at this address.');
  }
  return new Problem('method-not-allowed', `This address takes ${allowed.join(', ')}.`, {
    headers: { allow: allowed.join(', ') },
  });
}
