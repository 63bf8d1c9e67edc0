import type { SourceTree } from './source-tree.ts';

const processes = ['gateway', 'api', 'engine', 'worker', 'relay'];

const rootEntries = new Set([
  ...[
    'README.md',
    'ARCHITECTURE.md',
    'STYLE.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'LICENSE',
    'package.json',
  ],
  ...['package-lock.json', 'tsconfig.json', 'eslint.config.js', 'compose.yaml'],
  ...['docs', 'migrations', 'deploy', 'src', 'console', 'bin', 'test', 'bench', 'scripts', '.ci'],
  ...['.gitignore', '.gitattributes', '.dockerignore', '.editorconfig', '.npmrc', '.nvmrc'],
  ...['.node-version', '.prettierrc.json', '.prettierignore', '.github', '.gitlab-ci.yml'],
]);

/** Nothing stands at the root but what ARCHITECTURE.md gives a place there. */
export function rootEntriesKnown(tree: SourceTree): string[] {
  return tree.files
    .filter(({ path }) => !rootEntries.has(path.split('/')[0] ?? path))
    .map((file) => file.offence(1, 'has no place at the root'));
}

/** Every process folder that exists has the same skeleton. */
export function processSkeleton(tree: SourceTree): string[] {
  return processes
    .map((name) => `src/${name}`)
    .filter((folder) => tree.scripts(folder).length > 0)
    .flatMap((folder) =>
      ['index.ts', 'config.ts']
        .map((name) => `${folder}/${name}`)
        .filter((path) => tree.file(path) === undefined)
        .map((path) => `${path}:1 is missing`),
    );
}
