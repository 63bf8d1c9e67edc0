import { accessSync, chmodSync, constants, existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { clonePath } from '../setup/ground.js';
import { unpackPackages } from './packages.js';

const folder = clonePath('.runtime', 'caldav-servers');

// Both at once: they share most of what they need, and the lists are fetched once.
const packages = ['radicale', 'xandikos'];

export const radicale = server('radicale', 'radicale');
export const xandikos = server('xandikos', 'xandikos.web');

/** A server that suites start for themselves: what is found is its command. */
function server(name, module) {
  const command = path.join(folder, `run-${name}`);
  return {
    name,
    packages,

    find() {
      const folders = (process.env.PATH ?? '').split(':').concat('/usr/bin');
      const installed = folders.map((bin) => path.join(bin, name)).find(isExecutable);
      return installed ?? (existsSync(command) ? command : undefined);
    },

    unpack() {
      if (!existsSync(folder)) {
        console.log(`fetching ${packages.join(' and ')} for the tests (NO_INSTALL=1 forbids it) …`);
      }
      if (!unpackPackages(packages, folder)) return undefined;
      writeFileSync(command, script(module));
      chmodSync(command, 0o755);
      return command;
    },
  };
}

/** Runs a module of the unpacked packages, by the system's Python or the one that came along. */
function script(module) {
  const own = path.join(folder, 'usr/bin');
  const unpacked = existsSync(own)
    ? readdirSync(own).find((name) => /^python3\.\d+$/.test(name))
    : undefined;
  const python = unpacked === undefined ? 'python3' : path.join(own, unpacked);
  return `#!/bin/sh
export PYTHONPATH='${folder}/usr/lib/python3/dist-packages' PYTHONDONTWRITEBYTECODE=1
cd '${folder}'
export LD_LIBRARY_PATH="$(echo "$PWD"/usr/lib/*-linux-gnu*):$(echo "$PWD"/lib/*-linux-gnu*)"
exec '${python}' -m ${module} "$@"
`;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
