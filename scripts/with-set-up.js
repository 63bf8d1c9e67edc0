import { SetupError, setUp } from './setup.js';

/** Sets the clone up with its test tools, runs `work`, and ends with the status it answers. */
export async function withSetUp(work) {
  try {
    const { node } = await setUp({ dev: true });
    process.exitCode = await work(node);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`slotwright: ${error.message}\n`);
    process.exitCode = 1;
  }
}
