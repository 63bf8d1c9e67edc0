import type { Environment } from '../contract/settings.ts';
import type { Clock } from '../io/clock.ts';
import type { Random } from '../io/random.ts';
import type { Terminal } from '../io/terminal.ts';

/** What the commands have of the outside world; a test hands in its own. */
export interface Surroundings {
  environment: Environment;
  terminal: Terminal;
  clock: Clock;
  random: Random;
  /** The account that runs the command, for the audit. */
  account: string;
}
