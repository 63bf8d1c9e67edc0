import type { Principal } from '../contract/principal.ts';
import type { Call } from '../contract/route.ts';
import type { Random } from '../io/random.ts';
import type { ReceivedRequest } from './admit-request.ts';
import { traceparent } from './traceparent.ts';

interface Checked {
  principal: Principal;
  query: Record<string, unknown>;
  body: unknown;
  random: Random;
}

/** A request that passes the edge's checks. */
export class RequestCall implements Call {
  readonly principal: Principal;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
  readonly #received: ReceivedRequest;
  readonly #random: Random;
  #traceparent: string | undefined;
  #signal: AbortSignal | undefined;

  constructor(received: ReceivedRequest, { principal, query, body, random }: Checked) {
    this.principal = principal;
    this.query = query;
    this.body = body;
    this.#received = received;
    this.#random = random;
  }

  get params(): Record<string, string> {
    return this.#received.params;
  }

  get requestId(): string {
    return this.#received.requestId;
  }

  header(name: string): string | undefined {
    const value = this.#received.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** Made on first use, as the signal is: most reads never ask. */
  get traceparent(): string {
    this.#traceparent ??= traceparent(this.header('traceparent'), this.#random);
    return this.#traceparent;
  }

  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal;
    const { response } = this.#received;
    const gone = new AbortController();
    this.#signal = gone.signal;
    if (response.destroyed) gone.abort();
    else response.once('close', () => gone.abort(null));
    return this.#signal;
  }
}
