import { Agent, request } from 'node:http';
import { OpenApiCheck, type Observed } from '../../support/openapi-check.ts';
import { rawRequest } from '../../support/raw-request.ts';

/** A call of any port; `admin-port` or `internal-port` before the path says which. */
export interface Sent {
  call: string;
  body?: object;
  headers?: Record<string, string>;
}

export interface Ports {
  public: string;
  admin: string;
  internal: string;
}

/** The way to all ports of one service. */
export class Wire {
  readonly #ports: Ports;
  readonly #check: OpenApiCheck;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(ports: Ports, check: OpenApiCheck) {
    this.#ports = ports;
    this.#check = check;
  }

  static async of(ports: Ports): Promise<Wire> {
    return new Wire(ports, await OpenApiCheck.of(ports.public));
  }

  /** Method and template of every call that the public port describes. */
  get described(): string[] {
    return Object.entries(this.#check.document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((verb) => `${verb.toUpperCase()} ${path}`),
    );
  }

  /** Every answer of the public port is held against the service's own description. */
  async send(sent: Sent, credentials: string | null): Promise<Observed> {
    const [method = '', address = ''] = sent.call.split(' ');
    const { url, path } = this.#placeOf(address);
    const observed = await rawRequest(url, this.#agent, {
      ...{ method, path, headers: headersOf(sent, credentials) },
      body: sent.body && JSON.stringify(sent.body),
    });
    if (url === this.#ports.public) this.#check.assert(observed);
    return observed;
  }

  /** The same for an answer without an end, which is read until it holds `text`. */
  stream(sent: Sent, credentials: string | null, text: string): Promise<Observed> {
    const [method = '', address = ''] = sent.call.split(' ');
    const { url, path } = this.#placeOf(address);
    return new Promise((resolve, reject) => {
      const open = request(url + path, {
        ...{ method, agent: false, headers: headersOf(sent, credentials) },
      });
      open.once('error', reject).once('response', (response) => {
        let body = '';
        const { statusCode: status = 0, headers } = response;
        const done = (): void => {
          response.destroy();
          resolve({ method, path, status, headers: headers as Observed['headers'], body });
        };
        response.setEncoding('utf8').on('data', (piece: string) => {
          body += piece;
          if (body.includes(text)) done();
        });
        response.once('end', done);
      });
      open.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #placeOf(address: string): { url: string; path: string } {
    const [, port, path = address] = /^(admin|internal)-port(.*)$/.exec(address) ?? [];
    return { url: this.#ports[(port ?? 'public') as keyof Ports], path };
  }
}

function headersOf({ body, headers }: Sent, credentials: string | null): Record<string, string> {
  return {
    ...(credentials !== null && { authorization: `Bearer ${credentials}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  };
}
