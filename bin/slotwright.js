#!/usr/bin/env node
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { runNode } from '../scripts/run-node.js';
import { clonePath } from '../scripts/setup/ground.js';
import { SetupError, setUp } from '../scripts/setup.js';

// The same for `npm start`, `npx slotwright …` and `node bin/slotwright.js …`: set up, then run
// the entry in this process, or, where this Node is too old for it, this file under a newer one.
async function launch(args) {
  const { node } = await setUp();
  if (node !== process.execPath) {
    const self = fileURLToPath(import.meta.url);
    return runNode(node, [...process.execArgv, self, ...args], { channel: true });
  }
  // A good part of a start is stripping and compiling TypeScript: keep the outcome.
  module.enableCompileCache(clonePath('.runtime/compile-cache'));
  const entry = args[0] === 'start' ? '../src/main.ts' : '../src/cli/main.ts';
  const { main } = await import(new URL(entry, import.meta.url).href);
  return main(args);
}

try {
  process.exitCode = (await launch(process.argv.slice(2))) ?? process.exitCode;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`slotwright: ${error.message}\n`);
  process.exitCode = 1;
}
