import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePorts, inherited, ServiceRun } from './service-run.ts';

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
  const [port, adminPort] = await freePorts(2);
  const key = `test-key-${randomBytes(12).toString('hex')}`;
  const run = new ServiceRun({
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
      await run.untilReady(service.adminUrl);
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

async function close(run: ServiceRun, dataFolder: string): Promise<void> {
  await run.stop();
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
