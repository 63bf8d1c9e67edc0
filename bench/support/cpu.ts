import { readdirSync, readFileSync } from 'node:fs';

// Linux counts in hundredths of a second whatever its own clock does.
const TICKS_PER_SECOND = 100;

interface Stat {
  parent: number;
  ownTicks: number;
  /** Of children that have ended and were waited for. */
  endedTicks: number;
}

/** CPU seconds of one process since it began. */
export function processCpuSeconds(pid: number): number {
  return (stat(pid)?.ownTicks ?? 0) / TICKS_PER_SECOND;
}

/** CPU seconds of a process and of its children, the ended ones included. */
export function familyCpuSeconds(pid: number): number {
  const root = stat(pid);
  if (root === undefined) return 0;
  let ticks = root.ownTicks + root.endedTicks;
  for (const name of readdirSync('/proc')) {
    const child = /^\d+$/.test(name) ? stat(Number(name)) : undefined;
    if (child?.parent === pid) ticks += child.ownTicks;
  }
  return ticks / TICKS_PER_SECOND;
}

function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold blanks; after it come the fields from the third on.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
    return { parent: fields[1] ?? 0, ownTicks: user + system, endedTicks: endedUser + endedSystem };
  } catch {
    return undefined;
  }
}
