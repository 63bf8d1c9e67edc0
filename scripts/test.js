import { existsSync } from 'node:fs';
import { preparePeers } from './peers.js';
import { runNode } from './run-node.js';
import { clonePath } from './setup/ground.js';
import { runSteps, staticSteps } from './steps.js';
import { testFiles } from './test-files.js';
import { withSetUp } from './with-set-up.js';

const globalSetup = 'test/support/global-setup.ts';

// `npm test`: types, lint and format, then all tests; `npm test -- <part of a path> …` those tests.
await withSetUp(async (node) => {
  const patterns = process.argv.slice(2);
  const files = testFiles(patterns);
  if (files.length === 0) {
    console.error(`no test file matches ${patterns.join(' ')}`);
    return 2;
  }
  if (patterns.length === 0 && !(await runSteps(node, staticSteps()))) return 1;

  const peers = await preparePeers(files);
  const runner = [
    '--test',
    '--test-concurrency=2',
    '--test-reporter=spec',
    '--test-timeout=600000',
  ];
  if (existsSync(clonePath(globalSetup))) runner.push(`--test-global-setup=${globalSetup}`);
  const status = await runNode(node, [...runner, ...files], {
    env: { ...process.env, ...peers.environment },
    cwd: clonePath(),
  });
  for (const line of peers.missing) console.log(`not tested: ${line}`);
  return status;
});
