import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile, SourceTree } from './source-tree.ts';

const freeNames = /(\.test|\/index|\/config|\/main)\.ts$/;
// Named for the system they speak to, not for the interface they offer.
const adapters = /^src\/io\/(postgres|redis|http)\.ts$/;

/**
 * A file of src exports something that bears its name: `slot.ts` a `Slot`, `intervals.ts` a
 * `mergeIntervals`. A file of statements need only name its noun: `accept-creates.ts`, creates.
 */
export function exportsNamedFile(tree: SourceTree): string[] {
  return tree
    .scripts('src')
    .filter(({ path }) => !freeNames.test(path) && !adapters.test(path))
    .filter(({ path }) => !path.startsWith('src/cli/'))
    .filter((file) => {
      const words = posix.basename(file.path, '.ts').split('-');
      const holdsStatements = /^src\/store\/(read|write)\//.test(file.path);
      const name = singular((holdsStatements ? words.slice(-1) : words).join(''));
      return !exportedNames(file).some((exported) => plain(exported).includes(name));
    })
    .map((file) => file.offence(1, 'exports nothing of its own name'));
}

function singular(name: string): string {
  return name.replace(/(ies|(?<=ss)es|s)$/, '');
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function exportedNames(file: SourceFile): string[] {
  return file.syntax.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      if (clause === undefined) return [];
      return ts.isNamedExports(clause)
        ? clause.elements.map(({ name }) => name.text)
        : [clause.name.text];
    }
    if (!ts.canHaveModifiers(statement)) return [];
    const modifiers = ts.getModifiers(statement) ?? [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    return declaredNames(statement);
  });
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as { name?: ts.Node };
  return name === undefined ? [] : [name.getText()];
}
