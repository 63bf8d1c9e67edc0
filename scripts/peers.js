import { readFileSync } from 'node:fs';
import { installPackages, mayInstall, mayUnpack } from './peers/packages.js';
import { radicale, xandikos } from './peers/caldav.js';
import { postgres } from './peers/postgres.js';
import { rabbitmq } from './peers/rabbitmq.js';
import { clonePath } from './setup/ground.js';

/**
 * Real systems that suites run against, one row each:
 *   name         of the variable PEER_<NAME>, which hands the address to the tests
 *   packages     Debian packages that bring it
 *   find()       an address where it answers, or undefined; of servers that a suite starts for
 *                itself, the command
 *   start()      starts what is installed, as root; may fail, `find` decides
 *   unpack()     in the place of installing and starting: fetches it for this clone, as anybody
 * A suite names its peer with `peer('postgres')` of test/support/peer.ts, which skips the suite,
 * or fails it under REQUIRE_PEERS=1, where there is no address.
 */
const table = [postgres, rabbitmq, radicale, xandikos];

/** Finds, and as root on Debian installs and starts, the peers that the given test files use. */
export async function preparePeers(files) {
  const environment = {};
  const missing = [];
  for (const row of table.filter(({ name }) => isUsed(name, files))) {
    const variable = `PEER_${row.name.toUpperCase()}`;
    const address = process.env[variable] || (await row.find()) || (await bring(row));
    if (address) {
      environment[variable] = address;
      continue;
    }
    const remedy = row.unpack
      ? `install it, name its command in ${variable}, or run where there is apt`
      : `start it, name it in ${variable}, or run as root on Debian or Ubuntu`;
    missing.push(`${row.name} (${remedy})`);
  }
  return { environment, missing };
}

async function bring(row) {
  if (row.unpack !== undefined) return mayUnpack() ? row.unpack() : undefined;
  if (!mayInstall()) return undefined;
  await row.start();
  const address = await row.find();
  if (address) {
    console.log(`started ${row.name}, which was installed`);
    return address;
  }
  console.log(`installing ${row.packages.join(', ')} for the tests (NO_INSTALL=1 forbids it) …`);
  if (!installPackages(row.packages)) return undefined;
  await row.start();
  const fresh = await row.find();
  console.log(
    `${row.name} is ${fresh ? 'installed and running' : 'installed but does not answer'}`,
  );
  return fresh;
}

function isUsed(name, files) {
  return files.some((file) => readFileSync(clonePath(file), 'utf8').includes(`peer('${name}')`));
}
