import { spawn } from 'node:child_process';
import { relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Outcome } from './outcome-reporter.ts';

/** Which tests to run: those of `tests`, by path, whose title holds one of `titles`. */
export interface Wanted {
  tests: readonly string[];
  titles: readonly string[];
}

export interface RunOptions {
  /** The root of the project that they are run in. */
  folder: string;
  databaseUrl: string;
  limitSeconds: number;
  /** Says of an outcome that no more is needed: what still runs has a moment to end. */
  isEnough?: (outcome: Outcome) => boolean;
}

export interface TitlesRun {
  outcomes: Outcome[];
  /** True where the run took too long and was ended. */
  overTime: boolean;
  /** What it said beside its outcomes. */
  noise: string;
}

// A test that failed may have left running what it would have stopped.
const graceSeconds = 5;

/** Runs tests as `npm test` does, file by file, with a template database of the run's own. */
export async function runTitles(wanted: Wanted, options: RunOptions): Promise<TitlesRun> {
  const { folder, databaseUrl, limitSeconds, isEnough } = options;
  const env = { ...process.env, TEST_DATABASE_URL: databaseUrl };
  const child = spawn(process.execPath, runnerArguments(wanted), {
    ...{ cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  const run: TitlesRun = { outcomes: [], overTime: false, noise: '' };
  // With all the processes that its tests have started.
  const kill = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
  process.once('exit', kill);
  const timers = [
    setTimeout(() => {
      run.overTime = true;
      kill();
    }, limitSeconds * 1_000),
  ];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (run.noise += text));
  createInterface(child.stdout).on('line', (line) => {
    const outcome = outcomeOf(line, folder);
    if (outcome === undefined) run.noise += `${line}\n`;
    else run.outcomes.push(outcome);
    if (outcome !== undefined && isEnough?.(outcome) === true) {
      timers.push(setTimeout(kill, graceSeconds * 1_000));
    }
  });
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  for (const timer of timers) clearTimeout(timer);
  process.off('exit', kill);
  return run;
}

function runnerArguments({ tests, titles }: Wanted): string[] {
  return [
    '--test',
    '--test-concurrency=1',
    '--test-reporter=./test/faults/outcome-reporter.ts',
    '--test-global-setup=test/support/global-setup.ts',
    ...titles.map((title) => `--test-name-pattern=${escaped(title)}`),
    ...tests,
  ];
}

function outcomeOf(line: string, folder: string): Outcome | undefined {
  if (!line.startsWith('{"outcome":')) return undefined;
  const outcome = JSON.parse(line) as Outcome;
  return { ...outcome, file: relative(folder, outcome.file) };
}

function escaped(title: string): string {
  return title.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
