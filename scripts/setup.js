import { installDependencies } from './setup/dependencies.js';
import { linkPostgresLibraries } from './setup/postgres-libraries.js';
import { ensureRuntime } from './setup/runtime.js';
import { oneAtATime } from './setup/turn.js';
import { SetupError, clonePath } from './setup/ground.js';

export { SetupError } from './setup/ground.js';

/**
 * Brings a clone to the point where it can run: dependencies, the shared libraries of the
 * embedded PostgreSQL, and a Node that strips types. Costs a few milliseconds and writes
 * nothing when all is there, so that every start may call it.
 *
 * @param {{dev?: boolean}} [options] dev: include what only tests and checks need
 * @returns {Promise<{node: string}>} the Node to run the service with
 */
export async function setUp({ dev = false } = {}) {
  if (process.versions.node.split('.')[0] < 20) {
    throw new SetupError(`Node 20 or newer is needed; this is ${process.version}`);
  }
  const steps = [
    (check) => installDependencies({ dev, check }),
    (check) => linkPostgresLibraries({ check }),
    (check) => ensureRuntime({ check }),
  ];
  for (const step of steps) {
    if (await step(true)) continue;
    // Look again once it is our turn: another set-up may have done the work meanwhile.
    await oneAtATime(clonePath(), async () => (await step(true)) || (await step(false)));
  }
  return { node: (await ensureRuntime({ check: true })) || process.execPath };
}
