import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Only root can, only where packages come from apt, and not where somebody forbids it. */
export function mayInstall() {
  return process.getuid?.() === 0 && mayUnpack();
}

/** Anybody can, where packages come from apt, unless somebody forbids it. */
export function mayUnpack() {
  const { NO_INSTALL } = process.env;
  if (NO_INSTALL !== undefined && !['', '0'].includes(NO_INSTALL)) return false;
  return existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
}

/**
 * Unpacks packages, and what they need and this system lacks, into a folder of the clone, without
 * touching the system. apt checks their signatures as ever, with lists and caches of our own.
 */
export function unpackPackages(packages, folder) {
  if (existsSync(folder)) return true;
  mkdirSync(path.dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}.`);
  const [lists, cache, root] = ['lists', 'cache', 'root'].map((name) => path.join(work, name));
  for (const made of [root, path.join(lists, 'partial'), path.join(cache, 'archives/partial')]) {
    mkdirSync(made, { recursive: true });
  }
  const options = [
    ...['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`],
    // Locks and accounts of its own are for those who change the system.
    ...['-o', 'Debug::NoLocking=true', '-o', 'APT::Sandbox::User='],
  ];
  const download = ['--yes', '--no-install-recommends', '--download-only', 'install', ...packages];
  try {
    if (!apt([...options, 'update']) || !apt([...options, ...download])) return false;
    const archives = readdirSync(path.join(cache, 'archives')).filter((name) =>
      /\.deb$/.test(name),
    );
    const unpacked = archives.every((name) =>
      succeeds(['dpkg-deb', '-x', path.join(cache, 'archives', name), root]),
    );
    if (!unpacked) return false;
    // In one step: another run sees all of it or nothing.
    if (!existsSync(folder)) renameSync(root, folder);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export function installPackages(packages) {
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  return apt(['update']) && apt(install);
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync('apt-get', ['-q', ...args], {
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return true;
  console.error(
    `apt-get ${args.join(' ')} failed:\n${`${stdout ?? ''}${stderr ?? ''}`.slice(-2000)}`,
  );
  return false;
}

/** Runs a command, as the given account where one is named; true where it succeeded. */
export function succeeds(command, { account } = {}) {
  const line = account ? ['runuser', '-u', account, '--', ...command] : command;
  return spawnSync(line[0], line.slice(1), { stdio: 'ignore', cwd: '/' }).status === 0;
}
