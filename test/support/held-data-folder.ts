import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface HeldDataFolder {
  pid: number;
  /** Resolves once the program has printed this line. */
  says(line: 'holds' | 'serves'): Promise<void>;
  /** SIGKILL to that process alone; resolves when it is gone. */
  kill(): Promise<void>;
}

/** A process of its own that holds a data folder and can really die. */
export function holdDataFolder(folder: string, what: 'lock' | 'database'): HeldDataFolder {
  const program = fileURLToPath(new URL('data-folder-holder.ts', import.meta.url));
  const child = spawn(process.execPath, [program, folder, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const said = new Set<string>();
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => said.add(line));
  return {
    pid: child.pid ?? 0,
    says: async (line) => {
      while (!said.has(line)) {
        const over = exited.then(() => Promise.reject(new Error(`ended before it said ${line}`)));
        await Promise.race([once(lines, 'line'), over]);
      }
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
