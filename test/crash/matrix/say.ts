/** Prints a line of a run that people watch. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
