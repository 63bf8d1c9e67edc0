import http from 'node:http';
import https from 'node:https';
import { CallFailure } from '../call-failure.ts';
import type { EgressGuard } from './egress-guard.ts';

export interface GuardedRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

export interface GuardedAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Of a successful answer to a reading method; else empty, since the status says it all. */
  text: string;
}

export interface GuardedHttpOptions {
  guard: EgressGuard;
  maxAnswerBytes: number;
  maxConnectionsPerHost?: number;
}

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT']);
const redirects = new Set([301, 302, 307, 308]);
const maxRedirects = 2;
const maxUnreadBytes = 65_536;
// Less than what servers commonly wait for, so that they seldom close what we are about to use.
const idleSocketMs = 4_000;

/**
 * HTTP to addresses that tenants name. Answers are capped, redirects stay with the same origin, and
 * every failure says whether the request can have been acted on.
 */
export class GuardedHttp {
  readonly #guard: EgressGuard;
  readonly #maxAnswerBytes: number;
  readonly #agents: Record<string, http.Agent>;

  constructor({ guard, maxAnswerBytes, maxConnectionsPerHost = 64 }: GuardedHttpOptions) {
    this.#guard = guard;
    this.#maxAnswerBytes = maxAnswerBytes;
    const options = { keepAlive: true, maxSockets: maxConnectionsPerHost, timeout: idleSocketMs };
    this.#agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
  }

  /** @throws CallFailure where there is no answer, whose status alone would then tell more */
  async send(request: GuardedRequest): Promise<GuardedAnswer> {
    let { url } = request;
    for (let hops = 0; ; hops += 1) {
      const answer = await this.#sendTo({ ...request, url });
      const { location } = answer.headers;
      if (!redirects.has(answer.status) || location === undefined) return answer;
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (next?.origin !== url.origin || hops === maxRedirects) {
        throw new CallFailure('refused', 'redirected');
      }
      url = next;
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #sendTo(request: GuardedRequest): Promise<GuardedAnswer> {
    const address = await untilAborted(this.#guard(request.url), request.signal);
    try {
      return await this.#exchange(request, address);
    } catch (error) {
      // The server had closed the kept connection: an accident that says nothing of the request.
      if (!(error instanceof ClosedMeanwhile)) throw error;
      return this.#exchange(request, address, false);
    }
  }

  #exchange(request: GuardedRequest, address: string, mayBeStale = true): Promise<GuardedAnswer> {
    const { method, url, headers, body, signal } = request;
    const reading = readingMethods.has(method);
    const secure = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      let begun = false;
      const sent = (secure ? https : http).request({
        ...{ method, signal, agent: this.#agents[url.protocol] },
        // The address that was checked; the name goes into the header and the handshake.
        ...{ host: address, port: url.port || (secure ? 443 : 80) },
        path: url.pathname + url.search,
        headers: {
          ...{ 'accept-encoding': 'identity', ...headers, host: url.host },
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        },
      });
      const fail = (reason: string): void => {
        reject(new CallFailure(begun && !reading ? 'ambiguous' : 'failed', reason));
        sent.destroy();
      };
      sent.on('socket', (socket) => {
        if (!socket.connecting) begun = true;
        else socket.once(secure ? 'secureConnect' : 'connect', () => (begun = true));
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted;
        if (stale && mayBeStale) return reject(new ClosedMeanwhile());
        fail(signal.aborted ? 'no-answer' : begun ? 'connection-lost' : 'no-connection');
      });
      sent.on('response', (response) => {
        const { statusCode: status = 0, headers: answered } = response;
        const wanted = reading && status >= 200 && status < 300;
        const maxBytes = wanted ? this.#maxAnswerBytes : maxUnreadBytes;
        const end = (text: string): void => resolve({ status, headers: answered, text });
        if (!wanted) end('');
        this.#read(response, { maxBytes, fail }).then(end, () => fail('connection-lost'));
      });
      sent.end(body);
    });
  }

  async #read(
    response: http.IncomingMessage,
    { maxBytes, fail }: { maxBytes: number; fail: (reason: string) => void },
  ): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        fail('answer-too-large');
        break;
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  }
}

class ClosedMeanwhile extends Error {
  override readonly name = 'ClosedMeanwhile';
}

/** Name resolution cannot be aborted, but nobody has to wait for it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new CallFailure('failed', 'no-answer'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
