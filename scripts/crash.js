import { preparePeers } from './peers.js';
import { runNode } from './run-node.js';
import { clonePath } from './setup/ground.js';
import { withSetUp } from './with-set-up.js';

const entry = 'test/crash/matrix/main.ts';

// `npm run crash`: every crash point with every action, or random faults with `-- --random <n>`.
await withSetUp(async (node) => {
  const { environment } = await preparePeers([entry]);
  return runNode(node, [clonePath(entry), ...process.argv.slice(2)], {
    env: { ...process.env, ...environment },
    cwd: clonePath(),
  });
});
