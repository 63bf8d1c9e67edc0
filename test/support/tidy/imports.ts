import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-tree.ts';

export interface Import {
  specifier: string;
  node: ts.Node;
  /** Erased before the program runs. `import { type A }` is not: the module is still loaded. */
  typeOnly: boolean;
  /** The path from the root, where the specifier is relative. */
  target: string | undefined;
}

const known = new WeakMap<SourceFile, Import[]>();

/** Every import, re-export, dynamic import and import type of a file. */
export function importsOf(file: SourceFile): Import[] {
  let imports = known.get(file);
  if (imports === undefined) {
    imports = file.nodes.flatMap((node) => importAt(node, file.path) ?? []);
    known.set(file, imports);
  }
  return imports;
}

function importAt(node: ts.Node, path: string): Import | undefined {
  let name: ts.Node | undefined;
  let typeOnly = false;
  if (ts.isImportDeclaration(node)) {
    name = node.moduleSpecifier;
    typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  } else if (ts.isExportDeclaration(node)) {
    name = node.moduleSpecifier;
    typeOnly = node.isTypeOnly;
  } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    name = node.arguments[0];
  } else if (ts.isImportTypeNode(node)) {
    name = ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
    typeOnly = true;
  }
  if (name === undefined || !ts.isStringLiteralLike(name)) return undefined;
  const specifier = name.text;
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
  return { specifier, node, typeOnly, target };
}
