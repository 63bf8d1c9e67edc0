import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

const launcher = fileURLToPath(new URL('../../bin/slotwright.js', import.meta.url));
const readyWithinMs = 60_000;
const stopWithinMs = 30_000;

/** The real service, one process after another under the same environment. */
export class ServiceRun {
  output = '';
  ended: Promise<void> = Promise.resolve();
  #env: Record<string, string | undefined>;
  #child: ChildProcess | undefined;

  constructor(env: Record<string, string | undefined>) {
    this.#env = env;
  }

  start(env: Record<string, string> = {}): void {
    this.#env = { ...this.#env, ...env };
    const child = spawn(process.execPath, [launcher, 'start'], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        if (this.#child === child) this.#child = undefined;
        resolve();
      });
    });
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    await this.ended;
  }

  /** Ends it the way an operator does; one that does not end is killed. */
  async stop(): Promise<void> {
    const overdue = setTimeout(() => void this.kill('SIGKILL'), stopWithinMs);
    this.signal('SIGCONT');
    await this.kill('SIGTERM');
    clearTimeout(overdue);
  }

  async untilReady(adminUrl: string): Promise<void> {
    const answer = await eventually(async () => {
      if (this.pid() === undefined) return 'ended';
      return (await readiness(adminUrl)).status === 200;
    }, readyWithinMs).catch((error: unknown) => {
      throw new Error(`the service is not ready:\n${this.output}`, { cause: error });
    });
    if (answer === 'ended') throw new Error(`the service ended at its start:\n${this.output}`);
  }
}

export interface Readiness {
  status: number;
  reasons: string[];
}

export async function readiness(adminUrl: string): Promise<Readiness> {
  const answer = await fetch(`${adminUrl}/readyz`);
  const { reasons = [] } = (await answer.json()) as { reasons?: string[] };
  return { status: answer.status, reasons };
}

const ours = new RegExp(
  '^(SLOTWRIGHT_.*|(ADMIN_)?(HOST|PORT)|INTERNAL_.*|DATABASE_URL|AUTO_MIGRATE|FAILPOINTS|' +
    'SMTP_URL|MAIL_FROM|LOG_LEVEL|REDIS_URL|BUS_URL|OBJECTS_URL|NODE_TEST_CONTEXT)$',
);

// What the machine of whoever runs the tests has set must not reach the service.
export function inherited(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** Ports that were free a moment ago; fixed, so that clients find a restarted service. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listening(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
