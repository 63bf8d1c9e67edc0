import { readdirSync } from 'node:fs';
import { runNode } from './run-node.js';
import { clonePath } from './setup/ground.js';
import { withSetUp } from './with-set-up.js';

// `npm run bench` runs all of bench/*.ts in turn; `npm run bench -- <name> …` one, with the rest.
await withSetUp(async (node) => {
  const names = readdirSync(clonePath('bench'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
  const [name, ...rest] = process.argv.slice(2);
  if (name !== undefined && !names.includes(name)) {
    console.error(`no benchmark ${name}; there are: ${names.join(', ')}`);
    return 2;
  }
  for (const each of name === undefined ? names : [name]) {
    if (name === undefined) console.log(`\n== ${each}`);
    const status = await runNode(node, [clonePath('bench', `${each}.ts`), ...rest]);
    if (status !== 0) return status;
  }
  return 0;
});
