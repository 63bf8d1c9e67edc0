import ts from 'typescript';
import { importsOf } from './imports.ts';
import type { SourceFile, SourceTree } from './source-tree.ts';

const members = new Set([
  'AbortSignal.timeout',
  'Date.now',
  'Math.random',
  'Temporal.Now',
  'crypto.getRandomValues',
  'crypto.randomUUID',
  'performance.now',
  'process.env',
  'process.hrtime',
  'process.stderr',
  'process.stdin',
  'process.stdout',
]);
const names = new Set(['WebSocket', 'fetch', 'setImmediate', 'setInterval', 'setTimeout']);
const randomSources = /^(getRandomValues|random(Bytes|Fill|FillSync|Int|UUID)|webcrypto)$/;

/** Clock, randomness, timers, environment, terminal and sockets are touched only in src/io. */
export function outsideGlobals(tree: SourceTree): string[] {
  return tree
    .scripts('src')
    .filter((file) => !file.isTest && !file.path.startsWith('src/io/'))
    .flatMap((file) => [
      ...file.nodes.flatMap((node) =>
        touched(node).map((name) => file.offence(node, `touches ${name}`)),
      ),
      ...randomImports(file),
    ]);
}

function touched(node: ts.Node): string[] {
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    const name = dotted(node)?.replace(/^globalThis\./, '');
    return name !== undefined && (members.has(name) || names.has(name)) ? [name] : [];
  }
  if (ts.isIdentifier(node)) return names.has(node.text) && isUse(node) ? [node.text] : [];
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
    const isNow = node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0;
    return isNow ? ['the current Date'] : [];
  }
  return ts.isVariableDeclaration(node) ? destructured(node) : [];
}

/** `a.b.c` or `a['b']` as text, where it is no more than that. */
function dotted(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) {
    const object = dotted(node.expression);
    return object === undefined ? undefined : `${object}.${node.name.text}`;
  }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression)) {
    const object = dotted(node.expression);
    return object === undefined ? undefined : `${object}.${node.argumentExpression.text}`;
  }
  return undefined;
}

function isUse(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isTypeNode(parent) || ts.isExpressionWithTypeArguments(parent)) return false;
  const declared = parent as { name?: ts.Node; propertyName?: ts.Node };
  return declared.name !== node && declared.propertyName !== node;
}

function destructured(node: ts.VariableDeclaration): string[] {
  if (!ts.isObjectBindingPattern(node.name) || node.initializer === undefined) return [];
  const object = dotted(node.initializer);
  return node.name.elements
    .map((element) => `${object}.${(element.propertyName ?? element.name).getText()}`)
    .filter((name) => members.has(name));
}

function randomImports(file: SourceFile): string[] {
  return importsOf(file).flatMap(({ node, specifier }) => {
    if (!/^(node:)?crypto$/.test(specifier) || !ts.isImportDeclaration(node)) return [];
    const bindings = node.importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings)) {
      return [file.offence(node, 'imports the whole of node:crypto, its randomness included')];
    }
    return bindings.elements
      .map((element) => (element.propertyName ?? element.name).text)
      .filter((name) => randomSources.test(name))
      .map((name) => file.offence(node, `touches ${name}`));
  });
}
