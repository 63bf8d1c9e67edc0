import { readFile, readlink, rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { PostgresHome } from './home.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

const pollMs = 20;
// Fast, then immediate, then by force: each step after this long.
const steps: { signal: NodeJS.Signals; patienceMs: number }[] = [
  { signal: 'SIGINT', patienceMs: 30_000 },
  { signal: 'SIGQUIT', patienceMs: 10_000 },
  { signal: 'SIGKILL', patienceMs: 10_000 },
];

/**
 * Stops the server that a killed service left running on this cluster, so that the next one is
 * our child and runs with today's settings.
 *
 * postmaster.pid may name a process that has nothing to do with us, since pids come round again,
 * and PostgreSQL would then refuse to start. A server has its cluster as working directory, so
 * that is the test; the socket is asked as well, for a server in another container on the same
 * volume, whose pid says nothing here.
 */
export async function stopLeftover(home: PostgresHome, log: Log): Promise<void> {
  const cluster = path.join(home.folder, 'cluster');
  const file = path.join(cluster, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (await isServer(pid, cluster)) {
    log.warn({ pid }, 'stopping the PostgreSQL that an earlier process left behind');
    await stopServer(pid, cluster);
  } else if (await accepts(path.join(home.sockets, '.s.PGSQL.5432'))) {
    throw new EmbeddedPostgresError(`the database in ${home.folder} is in use by another machine`);
  } else {
    await rm(file, { force: true });
  }
}

async function stopServer(pid: number, cluster: string): Promise<void> {
  for (const { signal, patienceMs } of steps) {
    process.kill(pid, signal);
    const deadline = systemClock.monotonicMs() + patienceMs;
    while (systemClock.monotonicMs() < deadline) {
      if (!(await isServer(pid, cluster))) return;
      await systemClock.sleep(pollMs);
    }
  }
  throw new EmbeddedPostgresError(`the PostgreSQL that was left behind (${pid}) does not end`);
}

/** A process that has ended but was not yet reaped has no working directory. */
async function isServer(pid: number, cluster: string): Promise<boolean> {
  return (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === cluster;
}

function accepts(socketFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketFile);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
