import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DropOrder, DropReport } from './drop-load.ts';
import type { LoadOrder, LoadReport } from './load.ts';
import type { ReadOrder, ReadReport } from './read-load.ts';
import { ended, freePort, inherited } from './service.ts';

/** A process of the benchmark, from a script of this folder. */
function start(name: string, args: readonly string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(name, import.meta.url)), args, { env: inherited() });
}

function message<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void =>
      reject(new Error(`a process of the benchmark ended with ${code}`));
    child.once('exit', failed);
    child.once('message', (value) => {
      child.off('exit', failed);
      resolve(value as Message);
    });
  });
}

export interface ServerProcess {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Starts a script that takes its port first, and waits until it says that it is ready. */
export async function startServer(
  name: string,
  args: readonly string[] = [],
): Promise<ServerProcess> {
  const port = await freePort();
  const child = start(name, [String(port), ...args]);
  await message(child);
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => ended(child) };
}

export function startBareServer(): Promise<ServerProcess> {
  return startServer('bare-server.ts');
}

/** A process that does what it is told and reports, one order at a time. */
export interface Generator<Order, Report> {
  run(order: Order): Promise<Report>;
  stop(): Promise<void>;
}

export type LoadGenerator = Generator<LoadOrder, LoadReport>;

export function startLoadGenerator(): LoadGenerator {
  return startGenerator('load.ts');
}

export type DropGenerator = Generator<DropOrder, DropReport>;

export function startDropGenerator(): DropGenerator {
  return startGenerator('drop-load.ts');
}

export function startReadGenerator(): Generator<ReadOrder, ReadReport> {
  return startGenerator('read-load.ts');
}

function startGenerator<Order, Report>(name: string): Generator<Order, Report> {
  const child = start(name);
  return {
    run: (order) => {
      child.send(order as object);
      return message<Report>(child);
    },
    stop: () => ended(child),
  };
}
