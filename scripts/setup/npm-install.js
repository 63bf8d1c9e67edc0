import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError, clonePath } from './ground.js';

const abandonedAfterMs = 600_000;

/** A fresh folder inside `.runtime` with the given files; the caller removes it. */
export function stage(files) {
  const parent = clonePath('.runtime');
  try {
    mkdirSync(parent, { recursive: true });
    removeAbandoned(parent);
    const folder = mkdtempSync(path.join(parent, 'install-'));
    for (const [name, content] of Object.entries(files)) {
      if (content !== undefined) writeFileSync(path.join(folder, name), content);
    }
    return folder;
  } catch (error) {
    throw readOnly(error);
  }
}

// A set-up that was killed leaves its folder behind, where its npm may still be at work.
function removeAbandoned(parent) {
  for (const name of readdirSync(parent)) {
    const folder = path.join(parent, name);
    if (!name.startsWith('install-')) continue;
    if (Date.now() - statSync(folder).mtimeMs < abandonedAfterMs) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * `npm ci` in a folder. No package of ours needs an install script, and npm refuses what differs
 * from the lock's integrity.
 */
export function npmInstall(folder, withDev) {
  const args = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
  args.push(withDev ? '--include=dev' : '--omit=dev', '--include=optional', '--loglevel=error');
  args.push('--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000');
  const [command, ...before] = npmCommand();
  return new Promise((resolve, reject) => {
    const npm = spawn(command, [...before, ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    npm.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    npm.once('error', () => reject(new SetupError('npm is needed for the set-up; install it')));
    npm.once('close', (code) => (code === 0 ? resolve() : reject(explain(errors, code))));
  });
}

function npmCommand() {
  const own = process.env.npm_execpath;
  return own?.endsWith('npm-cli.js') ? [process.execPath, own] : ['npm'];
}

function explain(errors, code) {
  const reason = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/.exec(
    errors,
  );
  if (reason) {
    return new SetupError(
      `the npm registry cannot be reached (${reason[0]}); the first start needs it once`,
    );
  }
  if (/\b(EACCES|EROFS|EPERM)\b/.test(errors)) return readOnly({ code: 'EACCES' });
  const line = errors.split('\n').filter((text) => /^npm (error|ERR!) /.test(text));
  const text = line
    .slice(0, 3)
    .join(' · ')
    .replace(/npm (error|ERR!) /g, '');
  return new SetupError(`npm ci failed: ${text || `exit status ${code}`}`);
}

/** A refused write as one line, any other error as it is. */
export function readOnly(error) {
  if (error.code === 'ENOSPC') return new SetupError(`no space left for ${clonePath()}`);
  if (!['EACCES', 'EROFS', 'EPERM'].includes(error.code)) return error;
  return new SetupError(
    `${clonePath()} cannot be written (${error.code}); run \`npm ci\` there once as its owner`,
  );
}
