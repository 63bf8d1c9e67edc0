import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { systemClock } from './clock.ts';

/**
 * One process per folder. The lock is a listening socket: the kernel closes it with the process,
 * however that dies, so a lock is never stale. On Linux its name is abstract and made from the
 * folder's device and inode, so that a folder reached by two paths is one folder.
 *
 * Whoever finds the name taken connects and is told one line, `<state> <pid>`. A holder that is
 * stopping is waited for. One that is well is asked again after `secondLookMs`, since a holder
 * whose parent was killed a moment ago learns of that only then.
 */
export interface FolderLock {
  /** From now on a newcomer waits for this process instead of giving up. */
  markStopping(): void;
  release(): Promise<void>;
}

export class FolderInUseError extends Error {}

const patienceMs = 10_000;
const pauseMs = 100;
const secondLookMs = 500;
const answerWithinMs = 2_000;

interface Holder {
  state: 'ready' | 'stopping' | 'silent' | 'gone';
  pid?: string;
}

export async function lockFolder(folder: string): Promise<FolderLock> {
  const address = await addressOf(folder);
  const deadline = systemClock.monotonicMs() + patienceMs;
  let looks = 0;
  for (;;) {
    const lock = await tryLock(address);
    if (lock !== undefined) return lock;
    const holder = await askHolder(address);
    if (holder.state === 'gone') await clearSocketFile(address);
    if (holder.state === 'ready') looks += 1;
    const tooLate = systemClock.monotonicMs() > deadline;
    if (looks === 2 || holder.state === 'silent' || tooLate) throw inUse(folder, holder);
    await systemClock.sleep(holder.state === 'ready' ? secondLookMs : pauseMs);
  }
}

function inUse(folder: string, { state, pid }: Holder): FolderInUseError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  const how = {
    ready: '',
    stopping: ', which is still stopping',
    silent: ', which hangs',
    gone: '',
  };
  return new FolderInUseError(`data folder ${folder} is in use by ${who}${how[state]}`);
}

async function addressOf(folder: string): Promise<string> {
  if (process.platform !== 'linux') return path.join(folder, 'lock');
  const { dev, ino } = await stat(folder, { bigint: true });
  const id = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32);
  return `\0slotwright-${id}`;
}

async function clearSocketFile(address: string): Promise<void> {
  if (!address.startsWith('\0')) await rm(address, { force: true });
}

function tryLock(address: string): Promise<FolderLock | undefined> {
  let state = 'ready';
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`${state} ${process.pid}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => {
      server.unref();
      resolve({
        markStopping: () => (state = 'stopping'),
        release: () => new Promise((done) => server.close(() => done())),
      });
    });
  });
}

function askHolder(address: string): Promise<Holder> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(address);
    socket.setTimeout(answerWithinMs, () => {
      resolve({ state: 'silent' });
      socket.destroy();
    });
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.on('error', () => resolve({ state: 'gone' }));
    socket.on('close', () => {
      const [, state, pid] = /^(ready|stopping) (\d+)\n/.exec(answer) ?? [];
      if (state === undefined || pid === undefined) resolve({ state: 'gone' });
      else resolve({ state: state as 'ready' | 'stopping', pid });
    });
  });
}
