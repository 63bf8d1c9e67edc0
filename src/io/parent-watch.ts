import { readFileSync } from 'node:fs';

const intervalMs = 200;

export interface ParentWatch {
  end(): void;
}

interface Link {
  pid: number;
  parent: number;
}

/**
 * Calls `onGone` once when whoever started this process is gone without having told it so:
 * the launcher (its end of the channel closes) or, under npm, any process up to npm itself (one
 * of them has a new parent). A plain `node … &` is not watched: outliving the shell that started
 * it is what people want of it. Returns a function that ends the watch.
 */
export function watchParent(onGone: () => void): ParentWatch {
  let ended = false;
  const end = (): void => {
    ended = true;
    clearInterval(timer);
    process.off('disconnect', gone);
  };
  const gone = (): void => {
    if (ended) return;
    end();
    onGone();
  };

  const chain = isUnderNpm() ? chainToNpm() : [];
  const timer = setInterval(() => {
    if (chain.some(({ pid, parent }) => parentOf(pid) !== parent)) gone();
  }, intervalMs);
  timer.unref();
  if (process.send !== undefined) {
    process.on('disconnect', gone);
    // A listener would keep the process alive for as long as the launcher lives.
    process.channel?.unref();
    if (!process.connected) setImmediate(gone);
  }
  return { end };
}

function isUnderNpm(): boolean {
  return process.env.npm_command !== undefined || process.env.npm_lifecycle_event !== undefined;
}

// Between npm and us stand the launcher and, for npx, a shell that passes no signal on.
function chainToNpm(): Link[] {
  const chain: Link[] = [];
  for (let pid = process.pid; chain.length < 4;) {
    const parent = parentOf(pid);
    if (parent === undefined) break;
    chain.push({ pid, parent });
    if (nameOf(parent).startsWith('npm')) return chain;
    pid = parent;
  }
  return chain.slice(0, 1);
}

function parentOf(pid: number): number | undefined {
  if (pid === process.pid) return process.ppid;
  // The name, in parentheses, may itself hold spaces and parentheses.
  const stat = readProc(`/proc/${pid}/stat`);
  const parent = /^.*\) \S (\d+) /s.exec(stat)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function nameOf(pid: number): string {
  return readProc(`/proc/${pid}/comm`);
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
