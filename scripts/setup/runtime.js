import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SetupError, clonePath, tell } from './ground.js';
import { npmInstall, readOnly, stage } from './npm-install.js';

const version = '24.21.0';

// What `npm view node-<machine>@<version> dist.integrity` answers after `sha512-`.
const sha512 = {
  'linux-x64':
    '3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'linux-arm64':
    'FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
};

/**
 * The Node that runs TypeScript as it stands: the present one from 24 on, else one of our own
 * under `.runtime`, so that nothing on the machine changes.
 *
 * @returns {Promise<string | false>} its path; false where it has yet to be fetched
 */
export async function ensureRuntime({ check }) {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const home = clonePath('.runtime', `node-${version}`);
  const node = path.join(home, 'bin/node');
  if (existsSync(node)) return node;
  if (check) return false;

  const machine = `${process.platform}-${process.arch}`;
  if (!(machine in sha512)) {
    throw new SetupError(`Node 24 or newer is needed on ${machine}; this is ${process.version}`);
  }
  tell(`fetching Node ${version} from the npm registry (this is ${process.version}) …`);
  const name = `node-${machine}`;
  const folder = stage(lockedPackage(name, `sha512-${sha512[machine]}`));
  try {
    await npmInstall(folder, false);
    // The rename is what makes it present: a kill before it leaves nothing half done.
    renameSync(path.join(folder, 'node_modules', name), home);
  } catch (error) {
    throw readOnly(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  tell(`Node ${version} is ready`);
  return node;
}

/** A package of one dependency whose lock carries our integrity, which `npm ci` then enforces. */
function lockedPackage(name, integrity) {
  const root = { name: 'runtime', version: '1.0.0', dependencies: { [name]: version } };
  const lock = {
    name: 'runtime',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, [`node_modules/${name}`]: { version, integrity } },
  };
  return {
    'package.json': JSON.stringify({ ...root, private: true }),
    'package-lock.json': JSON.stringify(lock),
    '.npmrc': undefined,
  };
}
