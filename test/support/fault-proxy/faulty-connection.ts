import type { Socket } from 'node:net';
import { delayedFlow, type DelayedFlow } from './delayed-flow.ts';
import type { Fault, Flow } from './fault.ts';

export interface FaultyConnection {
  start(): void;
  /** Draws anew what the exchange under way suffers. */
  redraw(): void;
  /** What this connection suffers from now on, whatever is drawn for others. */
  use(fault: Fault): void;
  /** Goes on without faults; ends where bytes are missing by now, which nothing can make up for. */
  heal(): void;
  cut(): void;
}

export interface FaultyConnectionOptions {
  /** Opens a connection to the peer. */
  dial: () => Socket;
  draw: () => Fault | undefined;
  onExchange: (fault: Fault | undefined) => void;
  onBytes: (flow: Flow, count: number) => void;
  onClosed: () => void;
}

export function faultyConnection(
  client: Socket,
  options: FaultyConnectionOptions,
): FaultyConnection {
  let fault: Fault | undefined;
  let pinned: Fault | undefined;
  let server: Socket | undefined;
  let up: DelayedFlow | undefined;
  const down = delayedFlow(client, () => fault, 'down');
  let lost = false;
  let answeredBytes = 0;
  // The next word of the client begins an exchange.
  let atRest = true;
  let closed = false;

  function close(end: (socket: Socket) => void): void {
    if (closed) return;
    closed = true;
    end(client);
    server?.destroy();
    options.onClosed();
  }
  const cut = (): void => close((socket) => socket.destroy());
  const reset = (): void => close((socket) => socket.resetAndDestroy());

  function dial(): void {
    if (server !== undefined || closed) return;
    server = options.dial();
    up = delayedFlow(server, () => fault, 'up');
    server
      .on('data', hear)
      .on('error', reset)
      .on('close', () => down.end(cut));
    server.on('end', () => down.end(() => client.end()));
  }

  function beginExchange(): void {
    atRest = false;
    answeredBytes = 0;
    // What was lost stays lost: a stalled connection is not revived by the next lot.
    if (!lost) fault = pinned ?? options.draw();
    options.onExchange(fault);
  }

  function say(data: Buffer): void {
    if (atRest) beginExchange();
    if (fault?.kind === 'reset' || fault?.kind === 'refuse') return reset();
    if (fault?.kind === 'answered') {
      client.end(fault.with);
      return;
    }
    if (swallows(fault, 'up')) {
      lost = true;
      return;
    }
    dial();
    options.onBytes('up', data.length);
    up?.write(data);
  }

  function hear(data: Buffer): void {
    atRest = true;
    if (swallows(fault, 'down')) {
      lost = true;
      if (fault?.kind === 'answer-dropped' && fault.then === 'reset') reset();
      return;
    }
    if (fault?.kind === 'answer-cut') {
      const rest = fault.afterBytes - answeredBytes;
      answeredBytes += data.length;
      if (data.length > rest) {
        client.write(data.subarray(0, rest), reset);
        return;
      }
    }
    options.onBytes('down', data.length);
    down.write(data);
  }

  return {
    start: () => {
      fault = options.draw();
      client.on('data', say).on('error', cut).on('close', cut);
      client.on('end', () => (up === undefined ? cut() : up.end(() => server?.end())));
      const silent = ['blackhole', 'reset', 'answered'];
      // Some peers speak first, so they are dialled before the client has said a word.
      if (fault === undefined || !silent.includes(fault.kind)) dial();
    },
    redraw: () => {
      if (!lost) fault = pinned ?? options.draw();
    },
    use: (next) => (fault = pinned = next),
    heal: () => {
      fault = pinned = undefined;
      if (lost) cut();
    },
    cut,
  };
}

function swallows(fault: Fault | undefined, flow: Flow): boolean {
  switch (fault?.kind) {
    case 'blackhole':
      return true;
    case 'half-open':
      return fault.flow === undefined || fault.flow === flow;
    case 'answer-dropped':
      return flow === 'down';
    case 'latency':
    case 'bandwidth':
    case 'reset':
    case 'refuse':
    case 'answer-cut':
    case 'answered':
    case undefined:
      return false;
  }
}
