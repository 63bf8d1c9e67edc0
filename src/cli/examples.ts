import type { Command } from 'commander';

/** Shown below a command's options. */
export function addExamples(command: Command, lines: readonly string[]): Command {
  const shown = lines.map((line) => `  ${line}`).join('\n');
  return command.addHelpText('after', `\nExamples:\n${shown}`);
}
