import http from 'node:http';
import https from 'node:https';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path-absolute, with its query. */
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
}

export interface HttpAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Parsed where it is JSON, else the text. */
  body: unknown;
}

export interface HttpClientOptions {
  /** Scheme, host and port; a path is put before that of each request. */
  url: string;
  key: string;
  maxConnections: number;
  timeoutMs: number;
}

/** Keeps its connections open. A request that gets no answer rejects; nothing is sent twice. */
export class HttpClient {
  readonly #url: URL;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #agent: http.Agent;

  constructor({ url, key, maxConnections, timeoutMs }: HttpClientOptions) {
    this.#url = new URL(url);
    this.#headers = { authorization: `Bearer ${key}`, accept: 'application/json' };
    this.#timeoutMs = timeoutMs;
    const options = { keepAlive: true, maxSockets: maxConnections };
    this.#agent = this.#isSecure ? new https.Agent(options) : new http.Agent(options);
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    const payload = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers: Record<string, string | number> = { ...this.#headers, ...request.headers };
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(payload);
    }
    const { method, path } = request;
    const options = { method, headers, agent: this.#agent, timeout: this.#timeoutMs };
    const target = new URL(this.#url.pathname.replace(/\/$/, '') + path, this.#url);
    return new Promise((resolve, reject) => {
      const send = this.#isSecure ? https.request : http.request;
      const sent = send(target, options, (response) => {
        readAnswer(response).then(resolve, reject);
      });
      sent.on('timeout', () => {
        const error = new Error(`no answer within ${this.#timeoutMs} ms`);
        sent.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function readAnswer(response: http.IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const { statusCode: status = 0, headers } = response;
  return { status, headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
