import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
export const bin = join(projectRoot, 'bin/slotwright.js');

/** The service as its users run it: a process of its own on a data folder of its own. */
export interface Service {
  url: string;
  key: string;
  databaseUrl: string;
  pid: number;
  /** The variables with which the command line finds it. */
  environment: Record<string, string>;
  stop(): Promise<void>;
}

export async function startService(extra: Record<string, string> = {}): Promise<Service> {
  const data = mkdtempSync(join(tmpdir(), 'slotwright-bench-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const key = randomBytes(24).toString('hex');
  const environment = {
    ...inherited(),
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    SLOTWRIGHT_DATA: data,
    SLOTWRIGHT_API_KEY: key,
    SLOTWRIGHT_EXAMPLE: '0',
    LOG_LEVEL: 'warn',
    ...extra,
  };
  const child = spawn(process.execPath, [bin, 'start'], {
    env: environment,
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await untilReady(child, `http://127.0.0.1:${adminPort}/readyz`);
    const databaseUrl =
      extra['DATABASE_URL'] ?? readFileSync(join(data, 'database.url'), 'utf8').trim();
    const url = `http://127.0.0.1:${port}`;
    return { url, key, databaseUrl, pid: child.pid ?? 0, environment, stop };
  } catch (error) {
    process.stderr.write(said.join(''));
    await stop();
    throw error;
  }
}

/** Nothing of the caller's configuration may change what is measured. */
export function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'LD_LIBRARY_PATH'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const untilMs = Date.now() + 120_000;
  while (Date.now() < untilMs) {
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}`);
    const ready = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await sleep(50);
  }
  throw new Error('the service is not ready after two minutes');
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await exit;
  clearTimeout(late);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
