import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import { spawnAs } from './account.ts';
import type { ServerParts } from './cluster.ts';
import type { PostgresHome } from './home.ts';
import { serverArguments } from './server-arguments.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** One run of the server. */
export interface Postmaster {
  pid: number;
  /** Resolves when the process is gone, with how it ended. */
  exited: Promise<string>;
  /** Fast shutdown: open transactions are rolled back, everything else is on disk. */
  stop(): Promise<void>;
}

const pollMs = 10;
const sharedMemoryPatienceMs = 10_000;
const fastPatienceMs = 30_000;
const immediatePatienceMs = 10_000;

export interface PostmasterOptions extends ServerParts {
  /** Aborted: a start under way ends, and throws. */
  signal?: AbortSignal;
}

/** Starts the server and waits until it accepts connections, however long its recovery takes. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const deadline = systemClock.monotonicMs() + sharedMemoryPatienceMs;
  for (;;) {
    const started = await tryStart(options);
    if (started.postmaster !== undefined) return started.postmaster;
    const { reason } = started;
    // The last backends of a server that was killed hold its memory for a moment longer.
    const passing = reason.includes('shared memory block');
    if (!passing || options.signal?.aborted === true || systemClock.monotonicMs() > deadline) {
      throw new EmbeddedPostgresError(`PostgreSQL does not start: ${reason}`);
    }
    await systemClock.sleep(200, options.signal);
  }
}

type Started = { postmaster: Postmaster } | { postmaster?: never; reason: string };

async function tryStart({ home, binaries, signal }: PostmasterOptions): Promise<Started> {
  const early = path.join(home.folder, 'startup.log');
  await rm(early, { force: true });
  const output = await open(early, 'wx', 0o600);
  let child: ChildProcess;
  try {
    // A group of its own: Ctrl-C in a terminal reaches the service, which drains first.
    child = spawn(path.join(binaries.folder, 'bin/postgres'), serverArguments(home), {
      ...spawnAs(home.account, '/'),
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
  } finally {
    await output.close();
  }
  const postmaster = follow(child);
  if (await becomesReady({ home, postmaster, signal })) return { postmaster };
  await postmaster.stop();
  if (signal?.aborted === true) return { reason: 'the service is stopping' };
  return { reason: (await lastWords(early)) ?? (await postmaster.exited) };
}

function follow(child: ChildProcess): Postmaster {
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  return {
    pid: child.pid ?? 0,
    exited,
    stop: async () => {
      child.kill('SIGINT');
      if (await within(fastPatienceMs, exited)) return;
      child.kill('SIGQUIT');
      if (await within(immediatePatienceMs, exited)) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function becomesReady(options: {
  home: PostgresHome;
  postmaster: Postmaster;
  signal?: AbortSignal | undefined;
}): Promise<boolean> {
  const { home, postmaster, signal } = options;
  const file = path.join(home.folder, 'cluster/postmaster.pid');
  const life = new AbortController();
  void postmaster.exited.then(() => life.abort());
  const over = AbortSignal.any([life.signal, ...(signal ? [signal] : [])]);
  for (;;) {
    if (over.aborted) return false;
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
    // Line 8 is the server's word on its own state; pg_ctl reads the same.
    if (Number(lines[0]) === postmaster.pid && lines[7]?.trim() === 'ready') return true;
    await systemClock.sleep(pollMs);
  }
}

async function within(ms: number, exited: Promise<string>): Promise<boolean> {
  const timer = new AbortController();
  const slept = systemClock.sleep(ms, timer.signal).then(() => false);
  return Promise.race([exited.then(() => true), slept]).finally(() => timer.abort());
}

async function lastWords(file: string): Promise<string | undefined> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const line = lines.findLast((text) => /\b(FATAL|PANIC|ERROR|postgres): /.test(text));
  return line?.replace(/^.*?\b(FATAL|PANIC|ERROR|postgres):\s+/, '');
}
