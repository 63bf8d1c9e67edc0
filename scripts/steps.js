import { spawn } from 'node:child_process';
import os from 'node:os';
import { testFiles } from './test-files.js';
import { clonePath } from './setup/ground.js';

const module = (file) => clonePath('node_modules', file);

const cache = (name) => clonePath('node_modules/.cache', name);

/**
 * What needs no running part; the longest first, so that two cores end together. `cached` is for
 * the check that is run all the time: a typed lint finding can then be missed in a file that did
 * not change itself, so the tests run without.
 */
export function staticSteps({ cached = false } = {}) {
  const kept = (...args) => (cached ? args : []);
  return [
    {
      name: 'lint',
      args: [
        module('eslint/bin/eslint.js'),
        '.',
        ...kept('--cache', '--cache-location', `${cache('eslint')}/`),
      ],
    },
    {
      name: 'types',
      args: [
        module('typescript/bin/tsc'),
        '--noEmit',
        ...kept('--incremental', '--tsBuildInfoFile', cache('types.tsbuildinfo')),
      ],
    },
    {
      name: 'format',
      args: [
        module('prettier/bin/prettier.cjs'),
        '--check',
        '--log-level=warn',
        '.',
        ...kept('--cache', '--cache-location', cache('prettier-check')),
      ],
    },
  ];
}

export function unitSteps() {
  const unit = testFiles(['src/']).filter((file) => file.startsWith('src/'));
  const runner = ['--test', '--test-reporter=dot', '--test-reporter-destination=stdout'];
  return [
    // In one process: starting seventy costs more than what they test.
    { name: 'unit', args: [...runner, '--test-isolation=none', ...unit] },
    { name: 'tidy', args: ['--test', 'test/tidy.test.ts'] },
  ];
}

/** Runs steps, two at a time; one line each, and the output of those that fail. */
export async function runSteps(node, steps) {
  const waiting = [...steps];
  let failed = 0;
  const lane = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const startedAt = performance.now();
      const { code, output } = await run(node, step.args);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name.padEnd(7)} ${seconds} s`);
      if (code === 0) continue;
      failed += 1;
      console.log(output.trimEnd());
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, os.availableParallelism()) }, lane));
  return failed === 0;
}

function run(node, args) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd: clonePath(), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}
