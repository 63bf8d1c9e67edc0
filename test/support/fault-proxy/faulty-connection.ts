import type { Socket } from 'node:net';
import { delayedFlow, type DelayedFlow } from './delayed-flow.ts';
import type { Fault, Flow } from './fault.ts';

export interface FaultyConnectionOptions {
  /** Opens a connection to the peer. */
  dial: () => Socket;
  /** What strikes an exchange that begins with these words; undefined while none has begun. */
  draw: (words: string | undefined) => Fault | undefined;
  onExchange: (fault: Fault | undefined) => void;
  onBytes: (flow: Flow, count: number) => void;
  onClosed: () => void;
}

const silentFaults: readonly string[] = ['blackhole', 'reset', 'answered'];

/** One connection of a client, and the one to its peer that belongs to it. */
export class FaultyConnection {
  readonly #client: Socket;
  readonly #options: FaultyConnectionOptions;
  readonly #down: DelayedFlow;
  #server: Socket | undefined;
  #up: DelayedFlow | undefined;
  #fault: Fault | undefined;
  #pinned: Fault | undefined;
  #words: string | undefined;
  /** Bytes are missing by now, which nothing can make up for. */
  #lost = false;
  #answeredBytes = 0;
  /** The next word of the client begins an exchange. */
  #atRest = true;
  #closed = false;

  constructor(client: Socket, options: FaultyConnectionOptions) {
    this.#client = client;
    this.#options = options;
    this.#down = delayedFlow(client, () => this.#fault, 'down');
  }

  start(): void {
    this.#fault = this.#options.draw(undefined);
    const depart = (): void => this.#depart();
    this.#client
      .on('data', (data) => this.#say(data))
      .on('error', depart)
      .on('close', depart)
      .on('end', () => {
        if (this.#up === undefined) this.cut();
        else this.#up.end(() => this.#server?.end());
      });
    // Some peers speak first, so they are dialled before the client has said a word.
    if (!silentFaults.includes(this.#fault?.kind ?? '')) this.#dial();
  }

  /** Draws anew what the exchange under way suffers. */
  redraw(): void {
    // What was lost stays lost: a stalled connection is not revived by the next lot.
    if (!this.#lost) this.#fault = this.#pinned ?? this.#options.draw(this.#words);
  }

  /** What this connection suffers from now on, whatever is drawn for others. */
  use(fault: Fault): void {
    this.#fault = this.#pinned = fault;
  }

  /** Goes on without faults; ends where bytes are missing. */
  heal(): void {
    this.#fault = this.#pinned = undefined;
    if (this.#lost) this.cut();
  }

  cut(): void {
    this.#close(() => this.#client.destroy());
  }

  #reset(): void {
    this.#close(() => this.#client.resetAndDestroy());
  }

  #close(end: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    end();
    this.#server?.destroy();
    this.#options.onClosed();
  }

  /** What the client has said is on its way, though nobody waits for the answer any more. */
  #depart(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#client.destroy();
    this.#up?.end(() => this.#server?.unref().end());
    this.#options.onClosed();
  }

  #dial(): void {
    if (this.#server !== undefined || this.#closed) return;
    const server = this.#options.dial();
    this.#server = server;
    this.#up = delayedFlow(server, () => this.#fault, 'up');
    server
      .on('data', (data) => !this.#closed && this.#hear(data))
      .on('error', () => this.#reset())
      // Who was cut off from the peer does not hear of its end either.
      .on('close', () => !this.#lost && this.#down.end(() => this.cut()))
      .on('end', () => !this.#lost && this.#down.end(() => this.#client.end()));
  }

  #say(data: Buffer): void {
    if (this.#atRest) {
      this.#atRest = false;
      this.#answeredBytes = 0;
      this.#words = data.toString('latin1', 0, 200);
      this.redraw();
      this.#options.onExchange(this.#fault);
    }
    const fault = this.#fault;
    if (fault?.kind === 'reset' || fault?.kind === 'refuse') this.#reset();
    else if (fault?.kind === 'answered') this.#client.end(fault.with);
    else if (swallows(fault, 'up')) this.#lost = true;
    else {
      this.#dial();
      this.#options.onBytes('up', data.length);
      this.#up?.write(data);
    }
  }

  #hear(data: Buffer): void {
    const fault = this.#fault;
    this.#atRest = true;
    if (swallows(fault, 'down')) {
      this.#lost = true;
      if (fault?.kind === 'answer-dropped' && fault.then === 'reset') this.#reset();
      return;
    }
    if (fault?.kind === 'answer-cut') {
      const rest = fault.afterBytes - this.#answeredBytes;
      this.#answeredBytes += data.length;
      if (data.length > rest) {
        this.#client.write(data.subarray(0, rest), () => this.#reset());
        return;
      }
    }
    this.#options.onBytes('down', data.length);
    this.#down.write(data);
  }
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
