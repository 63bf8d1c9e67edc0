import ts from 'typescript';
import type { SourceTree } from './source-tree.ts';

const subject = /^(test|it|describe|suite|t|ctx|context)$/;

/** No test runs alone, and a skipped one says why: `t.skip('why')` or `{ skip: 'why' }`. */
export function testMarkers(tree: SourceTree): string[] {
  return tree.files
    .filter((file) => file.isTest && file.path.endsWith('.ts'))
    .flatMap((file) =>
      file.nodes.flatMap((node) => {
        const why = objection(node);
        return why === undefined ? [] : [file.offence(node, why)];
      }),
    );
}

function objection(node: ts.Node): string | undefined {
  if (ts.isPropertyAssignment(node)) {
    const { name, initializer } = node;
    const isTrue = initializer.kind === ts.SyntaxKind.TrueKeyword;
    if (isTrue && name.getText() === 'only') return 'runs alone';
    if (isTrue && name.getText() === 'skip') return 'skips without a reason';
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression))
    return undefined;
  const { expression, name } = node.expression;
  if (!subject.test(expression.getText())) return undefined;
  if (name.text === 'only') return 'runs alone';
  return name.text === 'skip' && !givesReason(node) ? 'skips without a reason' : undefined;
}

/** The one argument of `t.skip` is its reason; `test.skip(title, body)` has no room for one. */
function givesReason({ arguments: given }: ts.CallExpression): boolean {
  const [first] = given;
  if (given.length !== 1 || first === undefined) return false;
  return !ts.isStringLiteralLike(first) || first.text.trim() !== '';
}
