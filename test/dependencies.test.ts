import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

interface Package {
  version?: string;
  license?: string;
  integrity?: string;
  dev?: boolean;
}

interface Advised {
  metadata?: { vulnerabilities: Record<string, number> };
  vulnerabilities?: Record<string, { severity: string }>;
  /** Set where the registry would not say. */
  message?: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string): unknown => JSON.parse(readFileSync(`${root}${name}`, 'utf8'));
const lock = read('package-lock.json') as { packages: Record<string, Package> };
const manifest = read('package.json') as Record<string, Record<string, string>>;
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');

/**
 * Licences that may be shipped with a product under Apache-2.0, by their SPDX identifiers. The MPL
 * concerns the files of the package alone, which are used as they come.
 */
const allowed = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause'],
  ...['CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'MPL-2.0', 'Python-2.0', 'Unlicense', 'Zlib'],
]);

/** Packages that do not name their licence, and where it was read. */
const readByHand = new Map([['node_modules/xmlhttprequest-ssl', 'MIT']]);

/** An SPDX expression without nesting: one alternative must be allowed as a whole. */
function isAllowed(expression: string): boolean {
  const alternatives = expression.replace(/[()]/g, '').split(' OR ');
  return alternatives.some((each) => each.split(' AND ').every((name) => allowed.has(name)));
}

test('an expression is allowed when one of its alternatives is', () => {
  assert.ok(
    isAllowed('MIT') && isAllowed('(MPL-2.0 OR Apache-2.0)') && isAllowed('(MIT AND Zlib)'),
  );
  assert.ok(!isAllowed('GPL-3.0-only') && !isAllowed('(MIT AND GPL-2.0)') && !isAllowed(''));
});

test('every package is under a licence that may be shipped', () => {
  const others = installed.flatMap(([path, { license }]) => {
    const named = license ?? readByHand.get(path) ?? '';
    return isAllowed(named) ? [] : [`${path}: ${named === '' ? 'none named' : named}`];
  });
  assert.ok(installed.length > 50);
  assert.deepEqual(others, []);
});

test('every package is named with one version and the hash of its content', () => {
  for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies']) {
    const ranges = Object.entries(manifest[kind] ?? {}).filter(
      ([, at]) => !/^\d+\.\d+\.\d+/.test(at),
    );
    assert.deepEqual(ranges, [], kind);
  }
  const unhashed = installed.filter(([, { integrity }]) => integrity === undefined);
  assert.deepEqual(
    unhashed.map(([path]) => path),
    [],
  );
});

test('no package that is shipped has a known vulnerability of high severity', async (t) => {
  const advised = await adviceOfRegistry();
  if (advised.metadata === undefined) {
    t.skip(`not tested: the registry gives no advisories here (${advised.message ?? 'no answer'})`);
    return;
  }
  const severe = Object.entries(advised.vulnerabilities ?? {}).filter(([, { severity }]) =>
    ['high', 'critical'].includes(severity),
  );
  assert.deepEqual(
    severe.map(([name]) => name),
    [],
  );
});

async function adviceOfRegistry(): Promise<Advised> {
  const asked = ['audit', '--omit=dev', '--json', '--fetch-timeout=10000', '--fetch-retries=0'];
  try {
    const { stdout } = await promisify(execFile)('npm', asked, { cwd: root, timeout: 30_000 });
    return JSON.parse(stdout) as Advised;
  } catch (error) {
    // Its status is 1 where there are advisories, and where the registry has none to give.
    const { stdout = '', message } = error as { stdout?: string; message: string };
    return stdout.startsWith('{') ? (JSON.parse(stdout) as Advised) : { message };
  }
}
