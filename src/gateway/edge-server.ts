import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { Random } from '../io/random.ts';
import { answerClientError, noteReply } from './answer-client-error.ts';
import { answerError } from './answer-error.ts';
import {
  defaultDrainTimeoutMs,
  defaultReceiveTimeoutMs,
  keepAliveTimeoutMs,
  maxHeaderBytes,
  maxParameterLength,
  type GatewayConfig,
  type ListenConfig,
} from './config.ts';
import { requestId } from './request-id.ts';

export interface EdgeDependencies {
  config: GatewayConfig;
  clock: Clock;
  random: Random;
  log: Log;
}

/**
 * An HTTP server that reads requests within limits of size and time, names each by its request id
 * and answers errors as problem documents. Routes are mounted on `app` before `start`.
 */
export class EdgeServer {
  readonly app: FastifyInstance;
  readonly #dependencies: EdgeDependencies;
  #state: 'starting' | 'serving' | 'draining' = 'starting';
  #stopping: Promise<void> | undefined;

  constructor(dependencies: EdgeDependencies) {
    this.#dependencies = dependencies;
    this.app = createApp(dependencies);
    // An expectation that we do not know is no reason to refuse (RFC 9110, 10.1.1).
    this.app.server.on('checkExpectation', (request, response) => {
      this.app.server.emit('request', request, response);
    });
  }

  get draining(): boolean {
    return this.#state === 'draining';
  }

  /** Undefined while requests are served, else why they are not. */
  ready(): string | undefined {
    return this.#state === 'serving' ? undefined : this.#state;
  }

  async start(): Promise<void> {
    const { host, port } = this.#dependencies.config;
    await this.app.listen({ host, port });
    this.#state = 'serving';
  }

  /** Where the server listens, once it does. */
  address(): ListenConfig {
    const [bound] = this.app.addresses();
    if (typeof bound !== 'object') throw new Error('the server does not listen');
    return { host: bound.address, port: bound.port };
  }

  /** Takes no new connection and lets the requests in flight finish, but not for ever. */
  stop(): Promise<void> {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  async #drain(): Promise<void> {
    this.#state = 'draining';
    const { clock, config } = this.#dependencies;
    const closed = new AbortController();
    const closing = this.app.close().finally(() => closed.abort());
    await Promise.race([
      closing,
      clock.sleep(config.drainTimeoutMs ?? defaultDrainTimeoutMs, closed.signal),
    ]);
    this.app.server.closeAllConnections();
    await closing;
  }

  /** Runs before anything else of a request; every answer carries what it sets. */
  readonly begin = (
    request: FastifyRequest,
    reply: FastifyReply,
    done: (error?: Error) => void,
  ): void => {
    const { raw } = request;
    noteReply(reply);
    void reply
      .header('x-request-id', request.id)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store');
    // The body is read whatever it claims to be, because its size is judged before its type.
    request.contentType = raw.headers['content-type'];
    raw.headers['content-type'] = undefined;
    done();
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    contentType: string | undefined;
  }
}

function createApp({ config, random, log }: EdgeDependencies): FastifyInstance {
  const receiveTimeoutMs = config.receiveTimeoutMs ?? defaultReceiveTimeoutMs;
  const app = Fastify({
    logger: false,
    genReqId: (raw) => requestId(raw.headers['x-request-id'], random),
    requestTimeout: receiveTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    maxRequestsPerSocket: 0,
    return503OnClosing: false,
    routerOptions: { maxParamLength: maxParameterLength, querystringParser: () => ({}) },
    http: {
      maxHeaderSize: maxHeaderBytes,
      // Checked by us, so that its absence is answered as a problem.
      requireHostHeader: false,
      headersTimeout: receiveTimeoutMs,
      requestTimeout: receiveTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, receiveTimeoutMs / 4),
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, () => random.uuidV7()),
    frameworkErrors: (error, _request, reply) => answerError(error, reply, log),
  });
  app.decorateRequest('contentType', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  return app;
}
