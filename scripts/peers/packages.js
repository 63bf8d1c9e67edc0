import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Only root can, only where packages come from apt, and not where somebody forbids it. */
export function mayInstall() {
  const { NO_INSTALL } = process.env;
  if (NO_INSTALL !== undefined && !['', '0'].includes(NO_INSTALL)) return false;
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
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
