import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { FaultyConnection } from './fault-proxy/faulty-connection.ts';
import { type Fault, type FaultKind, type Flow } from './fault-proxy/fault.ts';
import { seeded } from './load.ts';

export interface FaultShare {
  fault: Fault;
  /** 0 to 1: the share of exchanges it strikes; 1 where it is left out. */
  probability?: number;
  /** Only exchanges whose first words match, as in /^PUT/. */
  only?: RegExp;
}

export interface FaultProxyCounts {
  connections: number;
  exchanges: number;
  /** Exchanges by what was drawn for them. */
  struck: Partial<Record<FaultKind, number>>;
  bytes: Record<Flow, number>;
}

/**
 * A TCP way from a client to its peer on which everything can go wrong that goes wrong on networks.
 * An exchange is what a client says up to the peer's answer: on a kept connection each request is
 * one. Every exchange draws its fault anew, so a probability is per request, whatever is kept open.
 */
export interface FaultProxy {
  /** The URL of the peer with the proxy's address in place of its own. */
  url: string;
  port: number;
  /**
   * From now on, open connections included, exchanges suffer the first fault whose lot is drawn,
   * or none. Each call replaces what was said before.
   */
  use(...shares: (Fault | FaultShare)[]): void;
  /** No faults from now on. Connections that lost something on the way are ended by it. */
  heal(): void;
  /** The open connections, oldest first, each of which can be struck alone. */
  connections(): FaultyConnection[];
  /** Cuts the connections there are; new ones get through. */
  cutAll(): void;
  counts(): FaultProxyCounts;
  close(): Promise<void>;
}

/**
 * Opens a way to the peer of a URL on a free port of loopback.
 *
 * @param options.seed of the lots that are drawn, so that a run can be repeated
 */
export async function startFaultProxy(peerUrl: string, { seed = 1 } = {}): Promise<FaultProxy> {
  const target = new URL(peerUrl.replace(/^(\w+:\/\/(?:[^/?]*@)?)(?=\/)/, '$1localhost'));
  const address = peerAddress(target);
  const random = seeded(seed);
  const open = new Set<FaultyConnection>();
  const counts: FaultProxyCounts = {
    ...{ connections: 0, exchanges: 0 },
    ...{ struck: {}, bytes: { up: 0, down: 0 } },
  };
  let shares: FaultShare[] = [];

  function draw(words: string | undefined): Fault | undefined {
    const isMeant = ({ only }: FaultShare): boolean =>
      only === undefined || (words !== undefined && only.test(words));
    return shares.find((share) => isMeant(share) && random() < (share.probability ?? 1))?.fault;
  }

  function accept(client: Socket): void {
    counts.connections += 1;
    const connection: FaultyConnection = new FaultyConnection(client, {
      dial: () => connect({ ...address, allowHalfOpen: true }),
      draw,
      onExchange: (fault) => {
        counts.exchanges += 1;
        if (fault !== undefined) {
          counts.struck[fault.kind] = (counts.struck[fault.kind] ?? 0) + 1;
        }
      },
      onBytes: (flow, count) => (counts.bytes[flow] += count),
      onClosed: () => open.delete(connection),
    });
    open.add(connection);
    connection.start();
  }

  const listener = createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const cutAll = (): void => open.forEach((connection) => connection.cut());

  // A port without a listener refuses; the number is kept for the time after.
  function listenOrRefuse(): void {
    const refuse = shares.some(({ fault }) => fault.kind === 'refuse');
    if (refuse && listener.listening) listener.close();
    else if (!refuse && !listener.listening) listener.listen(port, '127.0.0.1');
    if (refuse) cutAll();
  }

  return {
    url: proxied(target, port),
    port,
    use: (...given) => {
      shares = given.map((one) => ('fault' in one ? one : { fault: one }));
      listenOrRefuse();
      for (const connection of open) connection.redraw();
    },
    heal: () => {
      shares = [];
      listenOrRefuse();
      for (const connection of open) connection.heal();
    },
    connections: () => [...open],
    cutAll,
    counts: () => structuredClone(counts),
    close: async () => {
      cutAll();
      if (!listener.listening) return;
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function proxied(target: URL, port: number): string {
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  for (const name of ['host', 'port']) url.searchParams.delete(name);
  return url.href;
}

const standardPorts: Record<string, string> = { 'http:': '80', 'amqp:': '5672', 'smtp:': '25' };

// A database behind a socket is named by a parameter of the URL.
function peerAddress(target: URL): { path: string } | { host: string; port: number } {
  const host = target.searchParams.get('host') ?? target.hostname.replace(/^\[(.*)\]$/, '$1');
  const standard = standardPorts[target.protocol] ?? '5432';
  const port = Number(target.searchParams.get('port') ?? (target.port || standard));
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
