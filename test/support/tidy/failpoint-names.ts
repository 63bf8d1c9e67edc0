import ts from 'typescript';
import type { SourceTree } from './source-tree.ts';

/** A crash point's name belongs to one line of src, so that a test knows where it stops. */
export function failpointNames(tree: SourceTree): string[] {
  const first = new Map<string, string>();
  return tree
    .scripts('src')
    .filter((file) => !file.isTest)
    .flatMap((file) =>
      file.nodes.flatMap((node) => {
        const name = reachedName(node);
        if (name === undefined) return [];
        const where = first.get(name);
        if (where !== undefined) return [file.offence(node, `reaches ${name} like ${where}`)];
        first.set(name, file.offence(node, '').trim());
        return [];
      }),
    );
}

function reachedName(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression))
    return undefined;
  const [name] = node.arguments;
  const reaches = ['reach', 'whenArmed'].includes(node.expression.name.text);
  if (!reaches || name === undefined) return undefined;
  return ts.isStringLiteralLike(name) ? name.text : undefined;
}
