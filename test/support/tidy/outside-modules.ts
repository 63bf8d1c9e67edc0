import { isBuiltin } from 'node:module';
import { covers, globbed, outsideTable, type OutsideRow } from './architecture-tables.ts';
import { importsOf } from './imports.ts';
import type { SourceTree } from './source-tree.ts';

/** Drivers, sockets and files stay in src/io; any package the table does not name does too. */
export function outsideModules(tree: SourceTree): string[] {
  const table = outsideTable(tree);
  return tree
    .scripts('src')
    .filter((file) => !file.isTest)
    .flatMap((file) =>
      importsOf(file)
        .filter(({ specifier, target }) => target === undefined && !allowed(specifier, file.path))
        .map(({ specifier, node }) => file.offence(node, `does not import ${specifier}`)),
    );

  function allowed(specifier: string, path: string): boolean {
    const row = table.find(({ specifiers }) => specifiers.some((name) => names(name, specifier)));
    if (row === undefined) return isBuiltin(specifier) || path.startsWith('src/io/');
    return isIn(row, path.slice('src/'.length));
  }
}

function isIn(row: OutsideRow, path: string): boolean {
  return row.onlyIn.some(({ pattern }) => covers(pattern, path));
}

/** `fs` and `node:fs/promises` are both `node:fs`. */
function names(listed: string, specifier: string): boolean {
  const full = isBuiltin(specifier) ? `node:${specifier.replace(/^node:/, '')}` : specifier;
  return full.startsWith(`${listed}/`) || globbed(listed).test(full);
}
