import { readdirSync } from 'node:fs';
import path from 'node:path';
import { clonePath } from './setup/ground.js';

const folders = ['src', 'test'];

/** Every test of the tree, as paths from its root; with patterns, those that hold one of them. */
export function testFiles(patterns = []) {
  const all = folders.flatMap((folder) => below(folder)).filter((file) => /\.test\.ts$/.test(file));
  if (patterns.length === 0) return all;
  const wanted = patterns.map((pattern) => pattern.replace(/^\.\//, ''));
  return all.filter((file) => wanted.some((pattern) => file.includes(pattern)));
}

function below(folder) {
  return readdirSync(clonePath(folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    return entry.isDirectory() ? below(file) : [file];
  });
}
