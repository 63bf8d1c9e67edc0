import { covers, directionTable, type DirectionRow } from './architecture-tables.ts';
import { importsOf, type Import } from './imports.ts';
import type { SourceFile, SourceTree } from './source-tree.ts';

/** Folders import only what the table in ARCHITECTURE.md lets them. */
export function direction(tree: SourceTree): string[] {
  const table = directionTable(tree);
  return tree.scripts('src').flatMap((file) => {
    const row = rowOf(table, file.path);
    if (row === undefined) return [file.offence(1, 'lies in no folder of the direction table')];
    return importsOf(file).flatMap((imported) => {
      const why = objection({ file, row, imported });
      return why === undefined ? [] : [file.offence(imported.node, why)];
    });
  });
}

/** The most specific row: `engine/placement` before `engine`. */
function rowOf(table: DirectionRow[], path: string): DirectionRow | undefined {
  return table
    .filter(({ folder }) => covers(folder, path.slice('src/'.length)))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}

interface Question {
  file: SourceFile;
  row: DirectionRow;
  imported: Import;
}

function objection({ file, row, imported }: Question): string | undefined {
  const { target, typeOnly } = imported;
  if (target === undefined) return undefined;
  if (!target.startsWith('src/')) {
    return file.isTest ? undefined : `src does not import ${target}`;
  }
  const path = target.slice('src/'.length);
  if (covers(row.folder, path)) return undefined;
  const place = row.mayImport.find(({ pattern }) => covers(pattern, path));
  if (place === undefined) return `${row.folder} does not import ${target}`;
  if (place.typesOnly && !typeOnly && !file.isTest) {
    return `${row.folder} imports only types of ${target}`;
  }
  return undefined;
}
