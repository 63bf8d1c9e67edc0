import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

const launcher = fileURLToPath(new URL('../../bin/slotwright.js', import.meta.url));
const readyWithinMs = 60_000;
const stopWithinMs = 30_000;

export interface ServiceOptions {
  /** Absent: the embedded PostgreSQL, in the service's own data folder. */
  databaseUrl?: string;
  /** Beside what the harness sets: FAILPOINTS, SMTP_URL, SLOTWRIGHT_EXAMPLE, … */
  env?: Record<string, string>;
}

/** The real service in a process of its own, on free ports, with a data folder of its own. */
export interface Service {
  url: string;
  adminUrl: string;
  key: string;
  dataFolder: string;
  databaseUrl(): Promise<string>;
  /** Undefined while it is down. */
  pid(): number | undefined;
  /** Everything it has printed, across restarts. */
  logs(): string;
  /** Sends the signal and waits until the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Resolves when the process has ended, by whatever hand. */
  ended(): Promise<void>;
  /** Starts it again on the same ports and data, waits until it is ready; `env` from then on. */
  restart(env?: Record<string, string>): Promise<void>;
  /** Ends it and takes all it has left; throws where a process outlives it. */
  close(): Promise<void>;
}

export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'slotwright-service-'));
  const [port, adminPort] = await freePorts();
  const key = `test-key-${randomBytes(12).toString('hex')}`;
  const run = new Run({
    ...inherited(),
    HOST: '127.0.0.1',
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    SLOTWRIGHT_DATA: dataFolder,
    SLOTWRIGHT_EXAMPLE: '0',
    SLOTWRIGHT_API_KEY: key,
    SLOTWRIGHT_MODE: 'test',
    ...(options.databaseUrl !== undefined && { DATABASE_URL: options.databaseUrl }),
    ...options.env,
  });
  const service: Service = {
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    key,
    dataFolder,
    databaseUrl: async () =>
      options.databaseUrl ?? (await readFile(join(dataFolder, 'database.url'), 'utf8')).trim(),
    pid: () => run.pid(),
    logs: () => run.output,
    kill: (signal) => run.kill(signal),
    ended: () => run.ended,
    restart: async (env) => {
      run.start(env);
      await untilReady(service, run);
    },
    close: () => close(run, dataFolder),
  };
  try {
    await service.restart();
  } catch (error) {
    await service.close().catch(() => undefined);
    throw error;
  }
  return service;
}

/** One process after another under the same environment. */
class Run {
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

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    await this.ended;
  }
}

async function untilReady(service: Service, run: Run): Promise<void> {
  await eventually(async () => {
    if (run.pid() === undefined) return 'ended';
    const answer = await fetch(`${service.adminUrl}/readyz`);
    await answer.body?.cancel();
    return answer.status === 200;
  }, readyWithinMs).then(
    (answer) => {
      if (answer === 'ended') throw new Error(`the service ended at its start:\n${run.output}`);
    },
    (error: unknown) => {
      throw new Error(`the service is not ready:\n${run.output}`, { cause: error });
    },
  );
}

async function close(run: Run, dataFolder: string): Promise<void> {
  const overdue = setTimeout(() => void run.kill('SIGKILL'), stopWithinMs);
  await run.kill('SIGTERM');
  clearTimeout(overdue);
  const left = processesNaming(dataFolder);
  // They are ours: their command line or environment names a folder that only we know.
  for (const pid of left) kill(pid);
  await eventually(() => processesNaming(dataFolder).length === 0);
  await rm(dataFolder, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`processes outlived the service:\n${run.output}`);
  if (existsSync(dataFolder)) throw new Error(`${dataFolder} was left behind`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** Living processes whose command line or environment names `text`. */
export function processesNaming(text: string): number[] {
  const holds = (file: string): boolean => {
    try {
      return readFileSync(file, 'utf8').includes(text);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => holds(`/proc/${pid}/cmdline`) || holds(`/proc/${pid}/environ`))
    .map(Number);
}

const ours = new RegExp(
  '^(SLOTWRIGHT_.*|(ADMIN_|INTERNAL_)?(HOST|PORT)|DATABASE_URL|AUTO_MIGRATE|FAILPOINTS|SMTP_URL|' +
    'MAIL_FROM|LOG_LEVEL|REDIS_URL|BUS_URL|OBJECTS_URL|NODE_TEST_CONTEXT)$',
);

// What the machine of whoever runs the tests has set must not reach the service.
function inherited(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** Two ports that were free a moment ago; fixed, so that clients find a restarted service. */
async function freePorts(): Promise<[number, number]> {
  const servers = await Promise.all([listening(), listening()]);
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number];
}

function listening(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
