import { preparePeers } from './peers.js';
import { runNode } from './run-node.js';
import { clonePath } from './setup/ground.js';
import { testFiles } from './test-files.js';
import { withSetUp } from './with-set-up.js';

// `npm run faults` plants mistakes in a copy of the code, one at a time: the tests must notice.
await withSetUp(async (node) => {
  const peers = await preparePeers(testFiles());
  const env = { ...process.env, ...peers.environment };
  const args = [clonePath('test/faults/run-faults.ts'), ...process.argv.slice(2)];
  return runNode(node, args, { env, cwd: clonePath() });
});
