import ts from 'typescript';
import type { SourceFile, SourceTree } from './source-tree.ts';

// A leading comment is skipped; `DELETE /v1/…` is a route and "With …" is prose.
const leading = String.raw`^(?:\s|--[^\n]*\n|/\*[\s\S]*?\*/)*`;
const shouted = new RegExp(`${leading}(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH)\\s+(?!/)`);
const shaped = new RegExp(
  `${leading}(?:select\\b[\\s\\S]*\\bfrom\\b|insert\\s+into\\b|update\\s+[\\w."]+\\s+set\\b|` +
    `delete\\s+from\\b|with\\s+(?:recursive\\s+)?\\w+[^'"]*?\\bas\\s*(?:\\w+\\s*)*\\()`,
  'i',
);
const writing = /\b(INSERT\s+INTO|UPDATE\s+\w+\s+(AS\s+\w+\s+)?SET|DELETE\s+FROM|MERGE\s+INTO)\b/i;

/** SQL is spoken in src/store alone. */
export function sqlOutsideStore(tree: SourceTree): string[] {
  return tree
    .scripts('src')
    .filter((file) => !file.isTest && !file.path.startsWith('src/store/'))
    .flatMap((file) =>
      texts(file)
        .filter(({ text }) => shouted.test(text) || shaped.test(text))
        .map(({ node }) => file.offence(node, 'holds SQL')),
    );
}

/** A file of readers changes nothing. */
export function readersOnlyRead(tree: SourceTree): string[] {
  return tree
    .scripts('src/store/read')
    .filter((file) => !file.isTest)
    .flatMap((file) =>
      texts(file)
        .filter(({ text }) => writing.test(text))
        .map(({ node }) => file.offence(node, 'holds SQL that writes')),
    );
}

interface Text {
  node: ts.Node;
  text: string;
}

function texts(file: SourceFile): Text[] {
  return file.nodes.flatMap((node): Text[] => {
    if (ts.isStringLiteralLike(node)) return [{ node, text: node.text }];
    if (!ts.isTemplateExpression(node)) return [];
    const tails = node.templateSpans.map(({ literal }) => literal.text);
    return [{ node, text: [node.head.text, ...tails].join('$') }];
  });
}
