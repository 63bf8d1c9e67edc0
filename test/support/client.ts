import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientOperation, Ledger, LedgerAnswer } from './checker/ledger.ts';

export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  body: Record<string, unknown>;
}

export interface ClientOptions {
  /** Of several, each call begins with the next one, and goes on to another where it fails. */
  url: string | readonly string[];
  key: string;
  /** Where every request with a key, and every read of an appointment, is written down. */
  ledger?: Ledger;
  tenant?: string;
  /** How long one call is tried again for, with the same key. */
  retryForMs?: number;
  /** How long an answer may take; by default for ever. */
  answerWithinMs?: number;
  maxSockets?: number;
}

export interface CreateBody extends Record<string, unknown> {
  idempotency_key: string;
  customer_id: string;
  slot: { start_time: string; end_time: string };
  service_type: string;
  location?: string;
  resource_id?: string;
  metadata?: Record<string, unknown>;
}

export interface UpdateBody extends Record<string, unknown> {
  idempotency_key: string;
  slot?: { start_time: string; end_time: string };
  location?: string | null;
  metadata?: Record<string, unknown> | null;
}

export interface CallOptions {
  /** Seconds for `Prefer: wait`. */
  wait?: number;
  headers?: Record<string, string>;
}

interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
}

interface Kept {
  operation: ClientOperation;
  key?: string;
  body?: Record<string, unknown>;
  waited: boolean;
  /** The path and the body: equal texts are the same content. */
  content: string;
}

/**
 * A client as a careful customer writes it: keep-alive, and where no answer came, or 503, 429 or
 * `key-in-flight`, the same request again under the same key until `retryForMs` has passed.
 */
export class Client {
  readonly #options: ClientOptions;
  readonly #agent: Agent;
  readonly #retryForMs: number;
  readonly #urls: readonly string[];
  #calls = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#retryForMs = options.retryForMs ?? 60_000;
    this.#urls = [options.url].flat();
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.maxSockets ?? 256 });
  }

  create(body: CreateBody, options: CallOptions = {}): Promise<Answer> {
    const call: Call = { method: 'POST', path: '/v1/appointments', body };
    return this.#keyed({ call, options, operation: 'create', key: body.idempotency_key });
  }

  update(id: string, body: UpdateBody, options: CallOptions = {}): Promise<Answer> {
    const call: Call = { method: 'PATCH', path: `/v1/appointments/${id}`, body };
    return this.#keyed({ call, options, operation: 'update', key: body.idempotency_key });
  }

  cancel(id: string, key: string, options: CallOptions = {}): Promise<Answer> {
    return this.#step({ id, key, options, operation: 'cancel' });
  }

  start(id: string, key: string, options: CallOptions = {}): Promise<Answer> {
    return this.#step({ id, key, options, operation: 'start' });
  }

  complete(id: string, key: string, options: CallOptions = {}): Promise<Answer> {
    return this.#step({ id, key, options, operation: 'complete' });
  }

  appointment(id: string): Promise<Answer> {
    const call: Call = { method: 'GET', path: `/v1/appointments/${id}` };
    return this.#persist(call, { operation: 'read', waited: false, content: call.path });
  }

  command(id: string): Promise<Answer> {
    return this.#persist({ method: 'GET', path: `/v1/commands/${id}` });
  }

  put(path: string, body: Record<string, unknown>): Promise<Answer> {
    return this.#persist({ method: 'PUT', path, body });
  }

  post(path: string, body: Record<string, unknown>): Promise<Answer> {
    return this.#persist({ method: 'POST', path, body });
  }

  delete(path: string): Promise<Answer> {
    return this.#persist({ method: 'DELETE', path });
  }

  get(path: string): Promise<Answer> {
    return this.#persist({ method: 'GET', path });
  }

  close(): void {
    this.#agent.destroy();
  }

  #step(asked: {
    id: string;
    key: string;
    options: CallOptions;
    operation: 'cancel' | 'start' | 'complete';
  }): Promise<Answer> {
    const { id, key, options, operation } = asked;
    const path = `/v1/appointments/${id}/${operation}`;
    const call: Call = { method: 'POST', path, body: { idempotency_key: key } };
    return this.#keyed({ call, options, operation, key });
  }

  #keyed(asked: {
    call: Call;
    options: CallOptions;
    operation: ClientOperation;
    key: string;
  }): Promise<Answer> {
    const { call, options, operation, key } = asked;
    const prefer = options.wait === undefined ? {} : { prefer: `wait=${options.wait}` };
    const headers = { ...prefer, ...options.headers };
    const content = `${call.path} ${JSON.stringify(call.body)}`;
    const waited = options.wait !== undefined;
    const body = call.body ?? {};
    return this.#persist({ ...call, headers }, { operation, key, body, waited, content });
  }

  async #persist(call: Call, kept?: Kept): Promise<Answer> {
    const deadline = performance.now() + this.#retryForMs;
    this.#calls += 1;
    let turn = this.#calls;
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 250)) {
      const outcome = await this.#once({ ...call, url: this.#urlOf(turn++) }, kept);
      if (!('error' in outcome) && !isToBeRetried(outcome)) return outcome;
      if (performance.now() > deadline) {
        if ('error' in outcome) throw outcome.error;
        return outcome;
      }
      await sleep(pauseMs);
    }
  }

  #urlOf(turn: number): string {
    return this.#urls[turn % this.#urls.length] ?? '';
  }

  async #once(
    call: Call & { url: string },
    kept: Kept | undefined,
  ): Promise<Answer | { error: Error }> {
    const startedMs = performance.now();
    const outcome = await this.#send(call).catch((error: unknown) => ({ error: error as Error }));
    const { ledger, tenant = 'default' } = this.#options;
    if (kept !== undefined && ledger !== undefined) {
      const times = { startedMs, endedMs: performance.now() };
      if ('error' in outcome)
        ledger.add({ tenant, ...kept, ...times, error: String(outcome.error) });
      else ledger.add({ tenant, ...kept, ...times, answer: ledgerAnswer(outcome) });
    }
    return outcome;
  }

  #send({ url, method, path, body, headers }: Call & { url: string }): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, url),
        {
          method,
          agent: this.#agent,
          headers: {
            authorization: `Bearer ${this.#options.key}`,
            ...(text !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(text),
            }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          // A connection cut in the middle of an answer is no answer.
          response.once('close', () => {
            if (!response.complete) return reject(new Error('the answer was cut'));
            const received = Buffer.concat(chunks).toString();
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers as Record<string, string | undefined>,
              body: received === '' ? {} : (JSON.parse(received) as Record<string, unknown>),
            });
          });
        },
      );
      sent.once('error', reject);
      const { answerWithinMs } = this.#options;
      if (answerWithinMs !== undefined) {
        sent.setTimeout(answerWithinMs, () => sent.destroy(new Error('no answer in time')));
      }
      sent.end(text);
    });
  }
}

function isToBeRetried({ status, body }: Answer): boolean {
  return [429, 502, 503, 504].includes(status) || body['code'] === 'key-in-flight';
}

function ledgerAnswer({ status, headers, body }: Answer): LedgerAnswer {
  const text = (value: unknown): string | undefined =>
    typeof value === 'string' ? value : undefined;
  const isAppointment = typeof body['version'] === 'number';
  const members: Record<keyof LedgerAnswer, unknown> = {
    status,
    code: text(body['code']),
    reason: text(body['reason']),
    replayed: headers['idempotency-replayed'] === 'true',
    commandId: headers['command-id'],
    appointmentId: isAppointment ? text(body['id']) : text(body['appointment_id']),
    version: isAppointment ? body['version'] : undefined,
    state: isAppointment ? text(body['state']) : undefined,
  };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as LedgerAnswer;
}
