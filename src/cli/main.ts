import { CommanderError } from 'commander';
import { SettingsError } from '../contract/settings.ts';
import { systemClock } from '../io/clock.ts';
import { environment } from '../io/environment.ts';
import { operatingProcess } from '../io/process.ts';
import { systemRandom } from '../io/random.ts';
import { terminal } from '../io/terminal.ts';
import { Failure } from './failure.ts';
import { createProgram } from './program.ts';
import type { Surroundings } from './surroundings.ts';

/** Runs one command and answers its exit status: 0 done, 1 failed, 2 wrong usage. */
export function main(args: readonly string[]): Promise<number> {
  const { account } = operatingProcess;
  const surroundings = { terminal, environment: environment(), clock: systemClock, account };
  return runCommand(args, { ...surroundings, random: systemRandom });
}

export async function runCommand(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  try {
    await createProgram(surroundings).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has said what is wrong; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return explain(error, args.includes('--json'), surroundings);
  }
}

function explain(error: unknown, asJson: boolean, { terminal }: Surroundings): 1 | 2 {
  const isExpected = error instanceof Failure || error instanceof SettingsError;
  // Whoever read our output has seen enough.
  if ((error as { code?: unknown }).code === 'EPIPE') return 1;
  if (!isExpected) {
    terminal.complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  }
  const { details, reported, exitStatus } =
    error instanceof Failure ? error : { details: [], reported: false, exitStatus: 2 as const };
  for (const line of details) terminal.complain(line);
  terminal.complain(`slotwright: ${error.message}`);
  if (asJson && !reported) terminal.print(JSON.stringify({ error: error.message, details }));
  return exitStatus;
}
