import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Flow } from './fault.ts';

export interface DelayedFlow {
  write(data: Buffer): void;
  /** Calls `then` once all that was written has gone. */
  end(then: () => void): void;
}

const pieceBytes = 1_024;

/** Writes to a socket in order, each piece no earlier than latency and bandwidth allow. */
export function delayedFlow(to: Socket, current: () => Fault | undefined, flow: Flow): DelayedFlow {
  let waiting: Promise<void> | undefined;
  let freeAtMs = 0;

  function dueAtMs(bytes: number, fault: Fault): number {
    const now = performance.now();
    if (fault.kind === 'latency') return now + fault.ms;
    if (fault.kind !== 'bandwidth') return now;
    freeAtMs = Math.max(freeAtMs, now) + (bytes / fault.bytesPerSecond) * 1_000;
    return freeAtMs;
  }

  function enqueue(atMs: number, act: () => void): void {
    const last: Promise<void> = (waiting ?? Promise.resolve())
      .then(() => sleep(Math.max(0, atMs - performance.now())))
      .then(act)
      .then(() => {
        if (waiting === last) waiting = undefined;
      });
    waiting = last;
  }

  return {
    write: (data) => {
      const fault = current();
      const slow =
        fault !== undefined && 'flow' in fault && fault.flow !== flow ? undefined : fault;
      const delays = slow?.kind === 'latency' || slow?.kind === 'bandwidth';
      if (!delays && waiting === undefined) {
        to.write(data);
        return;
      }
      const step = slow?.kind === 'bandwidth' ? pieceBytes : data.length;
      for (let from = 0; from < data.length; from += step) {
        const piece = data.subarray(from, from + step);
        const atMs = slow === undefined ? 0 : dueAtMs(piece.length, slow);
        enqueue(atMs, () => !to.destroyed && to.write(piece));
      }
    },
    end: (then) => (waiting === undefined ? then() : enqueue(0, then)),
  };
}
