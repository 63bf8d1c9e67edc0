import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadOrder, LoadReport } from './load.ts';
import { ended, freePort } from './service.ts';

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
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

export interface BareServer {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

export async function startBareServer(): Promise<BareServer> {
  const port = await freePort();
  const child = fork(script('bare-server.ts'), [String(port)]);
  await message(child);
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => ended(child) };
}

export interface LoadGenerator {
  run(order: LoadOrder): Promise<LoadReport>;
  stop(): Promise<void>;
}

export function startLoadGenerator(): LoadGenerator {
  const child = fork(script('load.ts'));
  return {
    run: (order) => {
      child.send(order);
      return message<LoadReport>(child);
    },
    stop: () => ended(child),
  };
}
